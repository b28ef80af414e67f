/** What the events of a run say about time: who worked when, and who waited for whom. */
import type { Attempt, Pause, RunEvent } from '../types.ts';

export type Kind = 'work' | 'wait' | 'sleep' | 'retry';

export interface Bar {
    kind: Kind;
    from: number;
    /** Null while it goes on. */
    to: number | null;
    state: 'running' | 'completed' | 'failed' | 'undone' | 'open' | 'answered' | 'withdrawn';
    attempt?: number;
    error?: string;
    title: string;
}

export interface Row {
    key: string;
    label: string;
    path: string;
    depth: number;
    kind: 'step' | 'pause' | 'timer' | 'group';
    bars: Bar[];
    /** Of a group: its rows, and how many branches there are. */
    rows?: Row[];
    count?: number;
}

/** More branches of a fork than this are one row. */
const MANY = 6;

const text = (event: RunEvent, name: string) => String(event[name] ?? '');
export const depthOf = (path: string) => (path ? path.split('/').length : 0);

/** Rows of a waterfall, in the order in which they began. */
export function rowsOf(events: RunEvent[], attempts: Attempt[], pauses: Pause[]): Row[] {
    const rows = new Map<string, Row>();
    const row = (kind: Row['kind'], label: string, path: string): Row => {
        const key = `${kind} ${path} ${label}`;
        let found = rows.get(key);
        if (!found) rows.set(key, (found = { key, label, path, depth: depthOf(path), kind, bars: [] }));
        return found;
    };
    const retrying = new Map<string, Bar>();
    const sleeping = new Map<string, Bar>();
    // Steps from the attempts, which are there even if events are not kept; what is between them from the events.
    for (const attempt of attempts) {
        if (attempt.started_at === null) continue;
        const over = attempt.ms !== null || attempt.state !== 'running';
        const bar: Bar = { kind: 'work', from: attempt.started_at, to: over ? attempt.started_at + (attempt.ms ?? 0) : null, state: attempt.state, attempt: attempt.attempt, title: `Attempt ${attempt.attempt}` };
        if (attempt.error) bar.error = attempt.error;
        row('step', attempt.step, attempt.path).bars.push(bar);
    }
    for (const pause of pauses) {
        const state = pause.state === 'open' ? 'open' : pause.state === 'answered' ? 'answered' : 'withdrawn';
        row('pause', pause.name, pause.path).bars.push({ kind: 'wait', from: pause.asked_at, to: pause.state === 'open' ? null : pause.settled_at ?? pause.asked_at, state, title: pause.id });
    }
    for (const event of events) {
        const path = event.path ?? '';
        const step = `${path} ${text(event, 'step')}`;
        switch (event.kind) {
            case 'step_retrying': {
                const bar: Bar = { kind: 'retry', from: event.time, to: Number(event.at), state: 'running', title: `Waits for attempt ${event.attempt}` };
                retrying.set(step, bar);
                row('step', text(event, 'step'), path).bars.push(bar);
                break;
            }
            case 'step_started': {
                const bar = retrying.get(step);
                if (bar) bar.to = event.time;
                retrying.delete(step);
                break;
            }
            case 'timer_set': {
                const bar: Bar = { kind: 'sleep', from: event.time, to: Number(event.until), state: 'running', title: 'Sleeps' };
                sleeping.set(path, bar);
                row('timer', 'sleep', path).bars.push(bar);
                break;
            }
            case 'timer_fired': {
                const bar = sleeping.get(path);
                if (bar) Object.assign(bar, { to: event.time, state: 'completed' });
                sleeping.delete(path);
                break;
            }
        }
    }
    const all = [...rows.values()].filter(row => row.bars.length);
    all.forEach(row => row.bars.sort((left, right) => left.from - right.from));
    return grouped(all.sort((left, right) => left.bars[0]!.from - right.bars[0]!.from));
}

/** Many branches of one fork as one row that can be opened. */
function grouped(rows: Row[]): Row[] {
    const forkOf = (path: string) => /^(.+)\.\d+$/.exec(path.split('/')[0] ?? '')?.[1];
    const branches = new Map<string, Set<string>>();
    for (const { path } of rows) {
        const fork = forkOf(path);
        if (fork !== undefined) branches.set(fork, (branches.get(fork) ?? new Set()).add(path.split('/')[0]!));
    }
    const groups = new Map<string, Row>();
    const out: Row[] = [];
    for (const row of rows) {
        const fork = forkOf(row.path);
        const count = fork === undefined ? 0 : branches.get(fork)!.size;
        if (fork === undefined || count <= MANY) {
            out.push(row);
            continue;
        }
        let group = groups.get(fork);
        if (!group) {
            group = { key: `group ${fork}`, label: fork, path: '', depth: 0, kind: 'group', bars: [], rows: [], count };
            groups.set(fork, group);
            out.push(group);
        }
        group.rows!.push(row);
        group.bars.push(...row.bars);
    }
    return out;
}

/** A scale that gives long idle times little room: pieces of time, each with its own. */
export interface Scale {
    from: number;
    to: number;
    /** Where a time is, from 0 to 1. */
    at(time: number): number;
    breaks: { at: number; ms: number }[];
    worked: number;
    waited: number;
}

/** How much of the room an idle time that is cut short still has. */
const CUT = 0.06;

export function scaleOf(rows: Row[], from: number, to: number, squeeze: boolean): Scale {
    to = Math.max(to, from + 1);
    const spans = rows.flatMap(row => row.bars).filter(bar => bar.kind === 'work').map(bar => [bar.from, bar.to ?? to] as const).sort((left, right) => left[0] - right[0]);
    const busy: [number, number][] = [];
    for (const [start, end] of spans) {
        const last = busy.at(-1);
        if (last && start <= last[1]) last[1] = Math.max(last[1], end);
        else busy.push([start, end]);
    }
    const worked = busy.reduce((sum, [start, end]) => sum + end - start, 0);
    const waited = to - from - worked;
    // An idle time is cut if it is much longer than all the work.
    const cuts: { from: number; to: number }[] = [];
    const least = Math.max(1000, worked * 0.6);
    let last = from;
    for (const [start, end] of [...busy, [to, to] as [number, number]]) {
        if (squeeze && start - last > least) cuts.push({ from: last, to: start });
        last = Math.max(last, end);
    }
    const cut = cuts.reduce((sum, one) => sum + one.to - one.from, 0);
    const room = cuts.length * CUT < 0.6 ? CUT : 0.6 / cuts.length;
    const rest = to - from - cut;
    const scale = rest > 0 ? (1 - room * cuts.length) / rest : 0;
    const at = (time: number): number => {
        const limited = Math.min(to, Math.max(from, time));
        let position = 0, here = from;
        for (const one of cuts) {
            if (limited <= one.from) break;
            position += (one.from - here) * scale;
            position += ((Math.min(limited, one.to) - one.from) / (one.to - one.from)) * (rest > 0 ? room : 1 / cuts.length);
            here = Math.min(limited, one.to);
        }
        return Math.min(1, position + Math.max(0, limited - here) * scale);
    };
    return { from, to, at, worked, waited, breaks: cuts.map(one => ({ at: (at(one.from) + at(one.to)) / 2, ms: one.to - one.from })) };
}

/** Round times for the marks of a linear scale. */
export function ticks(ms: number, count: number): number[] {
    const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5, 1728e5, 6048e5];
    const step = steps.find(one => ms / one <= count) ?? Math.ceil(ms / count / 864e5) * 864e5;
    return Array.from({ length: Math.floor(ms / step) + 1 }, (_, index) => index * step);
}

/** An event in a line. */
export function tell(event: RunEvent): string {
    const parts: string[] = [];
    for (const [name, value] of Object.entries(event)) {
        if (['seq', 'time', 'run', 'workflow', 'kind', 'path', 'session'].includes(name) || value === null || value === undefined) continue;
        if (name === 'attempt') { if (Number(value) > 1) parts.push(`attempt ${value}`); continue; }
        if (name === 'ms') { parts.push(`${value} ms`); continue; }
        if (['step', 'pause', 'fork', 'child', 'choice', 'error', 'message', 'comment'].includes(name)) { parts.push(String(value)); continue; }
        if (['at', 'until', 'deadline'].includes(name)) { parts.push(`${name} ${new Date(Number(value)).toLocaleTimeString('en-GB')}`); continue; }
        parts.push(`${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
    }
    return parts.join('  ');
}
