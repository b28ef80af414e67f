/** What was saved when: the bindings of every frame at any checkpoint, and copies of the run from there. */
import { useSignal } from '../signals.ts';
import { useLoad } from '../load.ts';
import { same } from '../json.ts';
import { me } from '../me.ts';
import { requery, route } from '../router.ts';
import { exact, span } from '../time.ts';
import type { Checkpoint, CheckpointState, Run } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { Titled } from '../ui/Value.tsx';
import { Empty, Pending } from '../ui/wrong.tsx';
import { walk } from '../ui/walk.ts';
import { bindingsOf, checkpointsOf, placeOf } from './bindings.ts';
import { Fork } from './Fork.tsx';

export function Checkpoints({ run }: { run: Run }) {
    const path = checkpointsOf(run.run);
    // Its state changes with every checkpoint, so that the list is asked for again then.
    const list = useLoad<{ checkpoints: Checkpoint[] }>(`${path}?${run.frames.map(frame => frame.at).join()}${run.status}${run.attempts.length}`);
    const all: Checkpoint[] = [{ seq: 0, path: '', at: 'start', time: run.created_at }, ...(list.data?.checkpoints ?? [])];
    const wanted = Number(route.value.query.get('checkpoint') ?? all.at(-1)!.seq);
    const at = all.find(one => one.seq === wanted) ?? all.at(-1)!;
    const forking = useSignal<CheckpointState | null>(null);
    const state = useLoad<CheckpointState>(`${path}/${at.seq}`);
    const before = useLoad<CheckpointState>(at.seq > 0 ? `${path}/${at.seq - 1}` : null);
    // A server need not keep what lived at the start: that is the input.
    const frames = state.data?.frames ?? [];
    const atStart = at.seq === 0 && !frames.length;
    const set = (seq: number) => requery({ checkpoint: String(seq) });
    if (!list.data) return <Pending of={list} />;
    return (
        <div class="checkpoints">
            <div class="checkpoint-list" role="listbox" aria-label="Checkpoints" onKeyDown={event => walk(event, 'Down', 'Up')?.click()}>
                {all.map(one => (
                    <Button key={one.seq} role="option" aria-selected={one.seq === at.seq} tabIndex={one.seq === at.seq ? 0 : -1} onClick={() => set(one.seq)} title={exact(one.time)}>
                        <span class="seq">{one.seq}</span><span class="grow">{placeOf(one.at)}{one.path && <small> {one.path}</small>}</span><span class="muted small">+{span(one.time - run.created_at)}</span>
                    </Button>
                ))}
            </div>
            <section aria-label={`Checkpoint ${at.seq}`}>
                <header class="view-head">
                    <h2>{at.seq === 0 ? 'At the start' : placeOf(at.at)}</h2>
                    {me.value.acts(run.user) && <Button icon="fork" disabled={!state.data} onClick={() => { forking.value = { ...at, ...state.data, frames }; }}>Copy the run from here</Button>}
                </header>
                {atStart && <Titled title="Input" value={run.input} />}
                <Pending of={state} />
                {frames.map(frame => (
                    <div key={frame.path} class="frame">
                        {(frame.path || frames.length > 1) && <h3>{frame.path || 'workflow'} <small>at {placeOf(frame.at)}</small></h3>}
                        {frame.bindings.map(one => {
                            const is = bindingsOf(before.data, frame.path)[one.name];
                            const changed = at.seq > 0 && !same(is, one.value);
                            return <div key={one.name} class={changed ? 'is-changed' : ''}><Titled title={placeOf(one.name) + (changed ? ` (${is === undefined ? 'new' : 'changed'})` : '')} value={one.value} open={changed || frame.bindings.length < 4} /></div>;
                        })}
                        {!frame.bindings.length && <p class="muted">Nothing is saved here.</p>}
                    </div>
                ))}
                {state.data && !frames.length && !atStart && <Empty title="Nothing is saved here" />}
            </section>
            {forking.value && <Fork run={run} at={forking.value} close={() => { forking.value = null; }} />}
        </div>
    );
}
