/** The log of a run. */
import { useSignal } from '../signals.ts';
import { pretty } from '../json.ts';
import { clock, span } from '../time.ts';
import type { RunEvent } from '../types.ts';
import { useOpened } from '../ui/opened.ts';
import { Button } from '../ui/Button.tsx';
import { Search, has } from '../ui/inputs.tsx';
import { Chips } from '../ui/lists.tsx';
import { Copy } from '../ui/say.tsx';
import { Empty } from '../ui/wrong.tsx';
import { tell } from './model.ts';

const PAGE = 300;
const GROUPS: Record<string, RegExp> = { All: /^/, Run: /^run_/, Steps: /^step_/, Questions: /^pause_/, Flow: /^(fork|branch|loop|choice|child|timer)_/, Custom: /^custom$/ };

export function Events({ events, since }: { events: RunEvent[]; since: number }) {
    const search = useSignal('');
    const group = useSignal('All');
    const all = useSignal(false);
    const { has: isOpen, flip } = useOpened<number>();
    const found = events.map((event, index) => ({ event, index, line: tell(event) })).filter(({ event, line }) => {
        if (!GROUPS[group.value]!.test(event.kind)) return false;
        return has(`${event.kind} ${line} ${event.path ?? ''}`, search.value);
    });
    const shownGroups = Object.keys(GROUPS).filter(name => name === 'All' || events.some(event => GROUPS[name]!.test(event.kind)));
    const shown = all.value ? found : found.slice(-PAGE);
    return (
        <div>
            <div class="filter">
                <Search words={search} hint="Search events" />
                <Chips label="Kinds of events" at={group.value} set={name => { group.value = name; }} chips={shownGroups.map(name => [name, name])} />
                <span class="muted grow right" role="status">{found.length} of {events.length} events</span>
                <Copy text={found.map(({ event }) => JSON.stringify(event)).join('\n')} what="these events" />
            </div>
            {!shown.length ? <Empty title={events.length ? 'No event is like that' : 'No events yet'} /> : (
                <ol class="log" aria-label="Events">
                    {shown.length < found.length && <li><Button class="quiet" onClick={() => { all.value = true; }}>Show the {found.length - shown.length} before</Button></li>}
                    {shown.map(({ event, index, line }) => (
                        <li class={`event ${tone(event.kind)}`}>
                            <Button aria-expanded={isOpen(index)} onClick={() => flip(index)}>
                                <span class="seq">{event.seq ?? 'live'}</span>
                                <span class="when" title={clock(event.time)}>+{span(event.time - since)}</span>
                                <span class="kind">{event.kind.replace(/_/g, ' ')}</span>
                                <span class="told">{line}</span>
                                {event.path && <span class="path">{event.path}</span>}
                            </Button>
                            {isOpen(index) && <div class="event-inside"><pre class="code">{pretty(event)}</pre><Copy text={pretty(event)} what="this event" /></div>}
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
