/** What is known of one step, question or decision of a run; of the run itself if none is chosen. */
import { useLoad } from '../load.ts';
import { same } from '../json.ts';
import { clock, exact, span } from '../time.ts';
import type { Attempt, Checkpoint, CheckpointState, LayoutNode, Mark, Run } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { Titled, gist } from '../ui/Value.tsx';
import { Ago, Dot, StatusPill } from '../ui/status.tsx';
import { Loading } from '../ui/wrong.tsx';
import { KINDS, inWords } from '../graph/shapes.tsx';
import { bindingsOf, checkpointsOf } from './bindings.ts';

export function Inspector({ run, node, mark, close }: { run: Run; node: LayoutNode | null; mark: Mark | undefined; close: () => void }) {
    if (!node) return <RunFacts run={run} />;
    const attempts = run.attempts.filter(attempt => attempt.step === node.name);
    const pauses = run.pauses.filter(pause => pause.name === node.name);
    return (
        <div class="inspector">
            <header class="view-head">
                <div><p class="over">{KINDS[node.kind] ?? node.kind}{node.line > 0 && ` · line ${node.line}`}</p><h2>{node.kind === 'start' ? run.workflow : node.name}</h2></div>
                <Button label="Back to the run" icon="cross" onClick={close} />
            </header>
            {node.doc && <p>{node.doc}</p>}
            <p class={`mark is-${mark?.state ?? 'ahead'}`}><Dot />{inWords(mark)}</p>
            {mark?.error && <p class="error-text">{mark.error}</p>}
            {mark?.items && mark.items.all !== null && <progress max={mark.items.all} value={mark.items.done} aria-label="Items done" />}
            {node.kind === 'start' && <Titled title="Input" value={run.input} />}
            {node.kind === 'end' && run.status === 'completed' && <Titled title="Output" value={run.output} />}
            {attempts.length > 0 && <Attempts run={run} attempts={attempts} />}
            {pauses.map(pause => (
                <section key={pause.id} class="asked">
                    <h3>{pause.id} <StatusPill status={pause.state} /></h3>
                    <p>{pause.question}</p>
                    <p class="muted small">Asked <Ago time={pause.asked_at} />{pause.settled_at ? <>, settled after {span(pause.settled_at - pause.asked_at)}</> : null}{pause.by ? ` by ${pause.by}` : ''}</p>
                    {pause.comment && <blockquote>{pause.comment}</blockquote>}
                    {pause.answer !== undefined && pause.answer !== null && <Titled title="Answer" value={pause.answer} />}
                    {pause.prompt !== null && <Titled title="What it is about" value={pause.prompt} open={false} />}
                </section>
            ))}
        </div>
    );
}

function RunFacts({ run }: { run: Run }) {
    // A branch that has ended is nowhere any more.
    const frames = run.frames.filter(frame => frame.bindings.length && !frame.at.startsWith('='));
    return (
        <div class="inspector">
            {run.status === 'completed' && <Titled title="Output" value={run.output} />}
            <Titled title="Input" value={run.input} open={run.status !== 'completed' || gist(run.input).length < 400} />
            {frames.slice(0, 4).map(frame => (
                <section key={frame.path} class="frame">
                    <h3>Now at <code>{frame.at}</code>{frame.path && <> in <code>{frame.path}</code></>}</h3>
                    {frame.bindings.map(one => <Titled key={one.name} title={one.name} value={one.value} open={false} />)}
                </section>
            ))}
            {frames.length > 4 && <p class="muted small">and {frames.length - 4} more: see Checkpoints.</p>}
            {run.metadata !== null && run.metadata !== undefined && <Titled title="Metadata" value={run.metadata} />}
        </div>
    );
}

function Attempts({ run, attempts }: { run: Run; attempts: Attempt[] }) {
    const last = attempts.findLast(attempt => attempt.state === 'completed') ?? attempts.at(-1)!;
    const shown = attempts.slice(-20);
    return (
        <>
            <section>
                <h3>{attempts.length === 1 ? 'One attempt' : `${attempts.length} attempts`}</h3>
                {shown.length < attempts.length && <p class="muted small">the last {shown.length}:</p>}
                <ol class="attempts">
                    {shown.map(attempt => (
                        <li class={`is-${attempt.state}`}>
                            <Dot />
                            <span>{attempt.state === 'running' ? 'at work' : attempt.state}{attempt.attempt > 1 && `, attempt ${attempt.attempt}`}{attempt.path && <small> {attempt.path}</small>}</span>
                            <span class="muted small" title={attempt.started_at ? exact(attempt.started_at) : ''}>{attempt.started_at ? clock(attempt.started_at).slice(0, 8) : ''}{attempt.ms !== null && ` · ${span(attempt.ms)}`}</span>
                            {attempt.error && <p class="error-text">{attempt.error}</p>}
                        </li>
                    ))}
                </ol>
            </section>
            {last.state === 'completed' && <Values run={run} attempt={last} />}
        </>
    );
}

/** What a step returned and could use: what was saved after and before it. */
function Values({ run, attempt: { step, path, started_at, ms } }: { run: Run; attempt: Attempt }) {
    const all = checkpointsOf(run.run);
    const list = useLoad<{ checkpoints: Checkpoint[] }>(`${all}?${run.attempts.length}`);
    const end = (started_at ?? 0) + (ms ?? 0);
    const away = ({ time }: Checkpoint) => Math.abs(time - end);
    const found = list.data?.checkpoints.filter(one => one.path === path && one.at.startsWith(step)).sort((left, right) => away(left) - away(right))[0];
    const after = useLoad<CheckpointState>(found ? `${all}/${found.seq}` : null);
    const before = useLoad<CheckpointState>(found ? `${all}/${found.seq - 1}` : null);
    if (!list.data) return <Loading />;
    const old = bindingsOf(before.data, path);
    const changed = Object.entries(bindingsOf(after.data, path)).filter(([name, value]) => !same(old[name], value));
    return (
        <>
            {changed.map(([name, value]) => <Titled key={name} title={`Output: ${name}`} value={value} />)}
            {Object.keys(old).length > 0 && <Titled title="What it could use" value={old} open={false} />}
        </>
    );
}
