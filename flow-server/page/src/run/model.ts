/** What the events of a run say about time: who worked when, and who waited for whom. */
import type { Attempt, Pause, RunEvent } from '../types.ts';

export type Kind = 'work' | 'wait' | 'sleep' | 'retry';

export interface Bar {
    kind: Kind;
    from: number;
    /** Null while it goes on. */
    to: number | null;
    state: string;
    error?: string | null;
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

/** Rows of a waterfall, in the order in which they began. */
export function rowsOf(events: RunEvent[], attempts: Attempt[], pauses: Pause[]): Row[] {
    const rows = new Map<string, Row>();
    const add = (kind: Row['kind'], label: string, path: string, bar: Bar): Bar => {
        const key = `${kind} ${path} ${label}`;
        if (!rows.has(key)) rows.set(key, { key, label, path, depth: path ? path.split('/').length : 0, kind, bars: [] });
        rows.get(key)!.bars.push(bar);
        return bar;
    };
    // Steps from the attempts, which are there even if events are not kept; what is between them from the events.
    for (const { step, path, attempt, started_at: from, ms, state, error } of attempts) {
        if (from === null) continue;
        const to = ms === null && state === 'running' ? null : from + (ms ?? 0);
        add('step', step, path, { kind: 'work', from, to, state, error, title: `Attempt ${attempt}` });
    }
    for (const { name, path, id, state, asked_at: from, settled_at } of pauses) {
        add('pause', name, path, { kind: 'wait', from, to: state === 'open' ? null : settled_at ?? from, state, title: id });
    }
    const begun = new Map<string, Bar>();
    for (const { kind, time: from, path = '', step, at, until, attempt } of events) {
        const key = `${path} ${step ?? ''}`;
        const bar = begun.get(key);
        if (kind === 'step_retrying') begun.set(key, add('step', String(step), path, { kind: 'retry', from, to: Number(at), state: '', title: `Waits for attempt ${attempt}` }));
        else if (kind === 'timer_set') begun.set(key, add('timer', 'sleep', path, { kind: 'sleep', from, to: Number(until), state: '', title: 'Sleeps' }));
        else if (bar && (kind === 'step_started' || kind === 'timer_fired')) {
            bar.to = from;
            begun.delete(key);
        }
    }
    const all = [...rows.values()];
    for (const { bars } of all) bars.sort((left, right) => left.from - right.from);
    return grouped(all.sort((left, right) => left.bars[0]!.from - right.bars[0]!.from));
}

/** Many branches of one fork as one row that can be opened. */
function grouped(rows: Row[]): Row[] {
    const forkOf = ({ path }: Row) => /^([^/]+)\.\d+(\/|$)/.exec(path)?.[1] ?? '';
    const groups = new Map<string, Row & { rows: Row[] }>();
    for (const row of rows) {
        const label = forkOf(row);
        const group = groups.get(label) ?? { key: `group ${label}`, label, path: '', depth: 0, kind: 'group', bars: [], rows: [] };
        groups.set(label, group);
        group.rows.push(row);
        group.bars.push(...row.bars);
        group.count = new Set(group.rows.map(({ path }) => path.split('/')[0])).size;
    }
    return rows.flatMap(row => {
        const group = groups.get(forkOf(row))!;
        if (!group.label || group.count! <= MANY) return row;
        return row === group.rows[0] ? group : [];
    });
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
    // Pieces of time, idle and at work by turns.
    const pieces: { from: number; ms: number; idle: boolean; room: number }[] = [];
    let last = from;
    const until = (time: number, idle: boolean) => {
        if (time <= last) return;
        pieces.push({ from: last, ms: time - last, idle, room: 0 });
        last = time;
    };
    for (const [start, end] of [...spans, [to, to]] as const) {
        until(start, true);
        until(end, false);
    }
    const sum = (some: typeof pieces) => some.reduce((sum, { ms }) => sum + ms, 0);
    const worked = sum(pieces.filter(({ idle }) => !idle));
    // An idle time is cut if it is much longer than all the work.
    const cuts = pieces.filter(({ idle, ms }) => squeeze && idle && ms > Math.max(1000, worked * 0.6));
    const plain = pieces.filter(piece => !cuts.includes(piece));
    const cut = plain.length ? Math.min(CUT, 0.6 / cuts.length) : 1 / cuts.length;
    for (const piece of cuts) piece.room = cut;
    for (const piece of plain) piece.room = (piece.ms / sum(plain)) * (cuts.length ? 1 - cut * cuts.length : 1);
    const at = (time: number) => (time >= to ? 1 : pieces.reduce((sum, { from, ms, room }) => sum + room * Math.min(1, Math.max(0, (time - from) / ms)), 0));
    return { from, to, at, worked, waited: to - from - worked, breaks: cuts.map(({ from, ms }) => ({ at: at(from + ms / 2), ms })) };
}

/** Round times for the marks of a linear scale. */
export function ticks(ms: number, count: number): number[] {
    const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5, 1728e5, 6048e5];
    const step = steps.find(one => ms / one <= count) ?? Math.ceil(ms / count / 864e5) * 864e5;
    return Array.from({ length: Math.floor(ms / step) + 1 }, (_, index) => index * step);
}

const HIDDEN = /^(seq|time|run|workflow|kind|path|session)$/;
const BARE = /^(step|pause|fork|child|choice|error|message|comment)$/;
const MOMENT = /^(at|until|deadline)$/;

/** An event in a line. */
export function tell(event: RunEvent): string {
    const parts = Object.entries(event).map(([name, value]) => {
        if (value === null || value === undefined || HIDDEN.test(name) || (name === 'attempt' && value === 1)) return '';
        if (name === 'ms') return `${value} ms`;
        const text = MOMENT.test(name) ? new Date(Number(value)).toLocaleTimeString('en-GB') : typeof value === 'object' ? JSON.stringify(value) : String(value);
        return BARE.test(name) ? text : `${name} ${text}`;
    });
    return parts.filter(Boolean).join('  ');
}
