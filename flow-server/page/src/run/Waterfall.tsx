/** When which step was at work, and who was waited for. */
import { useSignal } from '../signals.ts';
import { useOpened } from '../ui/opened.ts';
import { clock, now, span } from '../time.ts';
import type { Run, RunEvent } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { ENDED } from '../ui/status.tsx';
import { Empty } from '../ui/wrong.tsx';
import { type Bar, type Row, type Scale, rowsOf, scaleOf, ticks } from './model.ts';

const KINDS: Record<string, string> = { work: 'At work', wait: 'Waits for an answer', sleep: 'Sleeps', retry: 'Waits for its next attempt' };
const GLYPHS: Record<string, string> = { step: 'play', pause: 'person', timer: 'clock', group: 'fork' };

export function Waterfall({ run, events, choose }: { run: Run; events: RunEvent[]; choose: (row: Row) => void }) {
    const whole = useSignal(true);
    const { has, flip } = useOpened<string>();
    const rows = rowsOf(events, run.attempts, run.pauses);
    if (!rows.length) return <Empty title="Nothing has happened yet" />;
    const ended = ENDED.includes(run.status);
    const end = ended ? run.updated_at : Math.max(now.value, run.updated_at);
    const scale = scaleOf(rows, run.created_at, end, whole.value);
    const squeezable = scaleOf(rows, run.created_at, end, true).breaks.length > 0;
    const shown = rows.flatMap(row => (row.rows && has(row.key) ? [row, ...row.rows] : [row]));
    return (
        <div class="waterfall">
            <div class="view-head">
                <p><b>{span(end - run.created_at)}</b> in all: <i class="dot is-done" />{span(scale.worked)} at work, <i class="dot is-waiting" />{span(scale.waited)} waiting</p>
                {squeezable && <label class="check small"><input type="checkbox" checked={whole.value} onChange={event => { whole.value = event.currentTarget.checked; }} /><span>Shorten long waits</span></label>}
            </div>
            <div class="rows" role="table" aria-label="Waterfall">
                <div class="row is-axis" aria-hidden="true"><span /><Axis scale={scale} /><span /></div>
                {shown.map(row => {
                    const group = row.kind === 'group';
                    // What many do side by side takes as long as from the first to the last.
                    const total = group ? Math.max(...row.bars.map(bar => bar.to ?? end)) - row.bars[0]!.from : row.bars.filter(bar => bar.kind !== 'retry').reduce((sum, bar) => sum + (bar.to ?? end) - bar.from, 0);
                    const open = has(row.key);
                    return (
                        <div key={row.key} class={`row is-${row.kind}`} role="row">
                            <span role="rowheader" class="row-name" style={{ paddingLeft: 12 * Math.min(3, row.depth) }}>
                                <Button icon={GLYPHS[row.kind]!} aria-expanded={group ? open : undefined} onClick={() => (group ? flip(row.key) : choose(row))} title={row.path ? `${row.label} in ${row.path}` : row.label}>
                                    <span>{group ? `${row.label} · ${row.count} branches` : row.label}</span>{row.depth > 0 && !group && <small>{row.path}</small>}
                                </Button>
                            </span>
                            <span role="cell" class="lane">
                                {scale.breaks.map(one => <i class="break" style={{ left: `${one.at * 100}%` }} />)}
                                {row.bars.map(bar => <BarView bar={bar} scale={scale} end={end} slim={group} />)}
                            </span>
                            <span role="cell" class="row-time">{span(total)}</span>
                        </div>
                    );
                })}
            </div>
        </div>
    );
}

function BarView({ bar, scale, end, slim }: { bar: Bar; scale: Scale; end: number; slim: boolean }) {
    const from = scale.at(bar.from), to = scale.at(bar.to ?? end);
    const words = `${KINDS[bar.kind]}: ${bar.title}, ${span((bar.to ?? end) - bar.from)}${bar.error ? `, failed: ${bar.error}` : ''}`;
    const live = bar.to === null ? ' is-live' : '';
    return <i class={`bar is-${bar.kind} is-${bar.state}${live}${slim ? ' is-slim' : ''}`} style={{ left: `${from * 100}%`, width: `${Math.max(0, to - from) * 100}%` }} title={`${words}\nfrom ${clock(bar.from)}`} role="img" aria-label={words} />;
}

function Axis({ scale: { breaks, at, from, to } }: { scale: Scale }) {
    const marks = breaks.length ? breaks : ticks(to - from, 6).map(ms => ({ at: at(from + ms), ms }));
    return <span class={breaks.length ? 'lane axis has-gaps' : 'lane axis'}>{marks.map(({ at, ms }) => <b style={{ left: `${at * 100}%` }}>{ms ? span(ms) : '0'}</b>)}</span>;
}
