/** The log of a run. */
import { useSignal } from '@preact/signals';
import { clock, span } from '../time.ts';
import type { Json, RunEvent } from '../types.ts';
import { Copy, Empty, Search, has } from '../ui/ui.tsx';
import { tell } from './model.ts';

const PAGE = 300;
const GROUPS: [string, (kind: string) => boolean][] = [
    ['All', () => true],
    ['Run', kind => kind.startsWith('run_')],
    ['Steps', kind => kind.startsWith('step_')],
    ['Questions', kind => kind.startsWith('pause_')],
    ['Flow', kind => /^(fork|branch|loop|choice|child|timer)_/.test(kind)],
    ['Custom', kind => kind === 'custom'],
];

export function Events({ events, since }: { events: RunEvent[]; since: number }) {
    const search = useSignal('');
    const group = useSignal(0);
    const all = useSignal(false);
    const open = useSignal<ReadonlySet<number>>(new Set());
    const found = events.map((event, index) => ({ event, index, line: tell(event) })).filter(({ event, line }) => {
        if (!GROUPS[group.value]![1](event.kind)) return false;
        return has(`${event.kind} ${line} ${event.path ?? ''}`, search.value);
    });
    const shown = all.value ? found : found.slice(-PAGE);
    const flip = (index: number) => {
        const next = new Set(open.value);
        if (!next.delete(index)) next.add(index);
        open.value = next;
    };
    return (
        <div class="events">
            <div class="filter">
                <Search words={search} hint="Search events" />
                <div class="chips" role="group" aria-label="Kinds of events">
                    {GROUPS.map(([name, is], index) => (index === 0 || events.some(event => is(event.kind))) && <button key={name} type="button" class="chip" aria-pressed={group.value === index} onClick={() => { group.value = index; }}>{name}</button>)}
                </div>
                <span class="muted grow right" role="status">{found.length === events.length ? `${events.length} events` : `${found.length} of ${events.length} events`}</span>
                <Copy text={found.map(({ event }) => JSON.stringify(event)).join('\n')} what="these events" />
            </div>
            {!shown.length ? <Empty title={events.length ? 'No event is like that' : 'No events yet'} /> : (
                <ol class="log" aria-label="Events">
                    {shown.length < found.length && <li><button type="button" class="quiet" onClick={() => { all.value = true; }}>Show the {found.length - shown.length} before</button></li>}
                    {shown.map(({ event, index, line }) => (
                        <li key={index} class={`event ${tone(event.kind)}`}>
                            <button type="button" aria-expanded={open.value.has(index)} onClick={() => flip(index)}>
                                <span class="seq">{event.seq ?? 'live'}</span>
                                <span class="when" title={clock(event.time)}>+{span(event.time - since)}</span>
                                <span class="kind">{event.kind.replace(/_/g, ' ')}</span>
                                <span class="told">{line}</span>
                                {event.path && <span class="path">{event.path}</span>}
                            </button>
                            {open.value.has(index) && <div class="event-inside"><pre class="code">{JSON.stringify(event as unknown as Json, null, 2)}</pre><Copy text={JSON.stringify(event, null, 2)} what="this event" /></div>}
                        </li>
                    ))}
                </ol>
            )}
        </div>
    );
}

function tone(kind: string): string {
    if (/failed|expired|cancelled/.test(kind)) return 'is-bad';
    if (kind.startsWith('pause_')) return 'is-ask';
    if (kind === 'run_completed' || kind === 'step_completed') return 'is-good';
    return kind.startsWith('run_') ? 'is-run' : '';
}
