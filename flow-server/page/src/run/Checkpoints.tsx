/** What was saved when: the bindings of every frame at any checkpoint, and copies of the run from there. */
import { useSignal } from '../signals.ts';
import { useLoad } from '../load.ts';
import { ApiError, part } from '../api.ts';
import { requery, route } from '../router.ts';
import { exact, span } from '../time.ts';
import type { Checkpoint, CheckpointState, Frame, Run } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { Titled } from '../ui/Value.tsx';
import { Empty, Loading, Pending, Problem } from '../ui/ui.tsx';
import { walk } from '../ui/walk.ts';
import { Fork } from './Fork.tsx';

/** The frames of a checkpoint, whichever way they are told. */
export function framesOf(state: CheckpointState & { bindings?: Frame['bindings'] }): Frame[] {
    return state.frames ?? [{ path: state.path, at: state.at, bindings: state.bindings ?? [] }];
}

export function Checkpoints({ run }: { run: Run }) {
    const path = `api/runs/${part(run.run)}/checkpoints`;
    // Its state changes with every checkpoint, so that the list is asked for again then.
    const list = useLoad<{ checkpoints: Checkpoint[] }>(`${path}?${run.frames.map(frame => frame.at).join()}${run.status}${run.attempts.length}`);
    const all: Checkpoint[] = [{ seq: 0, path: '', at: 'start', time: run.created_at }, ...(list.data.value?.checkpoints ?? [])];
    const wanted = Number(route.value.query.get('checkpoint') ?? all.at(-1)!.seq);
    const at = all.find(one => one.seq === wanted) ?? all.at(-1)!;
    const forking = useSignal<CheckpointState | null>(null);
    const state = useLoad<CheckpointState>(`${path}/${at.seq}`);
    const before = useLoad<CheckpointState>(at.seq > 0 ? `${path}/${at.seq - 1}` : null);
    // A server need not keep what lived at the start: that is the input.
    const frames = state.data.value ? framesOf(state.data.value) : [];
    const atStart = at.seq === 0 && !frames.length && (!!state.data.value || state.error.value instanceof ApiError);
    const old = new Map((at.seq > 0 && before.data.value ? framesOf(before.data.value) : []).map(frame => [frame.path, new Map(frame.bindings.map(one => [one.name, JSON.stringify(one.value)]))]));
    const set = (seq: number) => requery({ checkpoint: String(seq) });
    if (!list.data.value) return <Pending of={list} />;
    return (
        <div class="checkpoints">
            <div class="checkpoint-list" role="listbox" aria-label="Checkpoints" onKeyDown={event => walk(event, 'Down', 'Up')?.click()}>
                {all.map(one => (
                    <Button key={one.seq} role="option" aria-selected={one.seq === at.seq} tabIndex={one.seq === at.seq ? 0 : -1} onClick={() => set(one.seq)} title={exact(one.time)}>
                        <span class="seq">{one.seq}</span><span class="grow">{one.at}{one.path && <small> {one.path}</small>}</span><span class="muted small">+{span(one.time - run.created_at)}</span>
                    </Button>
                ))}
            </div>
            <section class="checkpoint" aria-label={`Checkpoint ${at.seq}`}>
                <header>
                    <h2>{at.seq === 0 ? 'At the start' : at.at}</h2>
                    <Button icon="fork" disabled={!state.data.value && !atStart} onClick={() => { forking.value = { ...at, ...state.data.value, frames }; }}>Copy the run from here</Button>
                </header>
                {atStart && <Titled title="Input" value={run.input} />}
                {state.error.value !== null && !atStart && <Problem error={state.error.value} retry={state.reload} />}
                {!state.data.value && !state.error.value && <Loading />}
                {frames.map(frame => (
                    <div key={frame.path} class="frame">
                        {(frame.path || frames.length > 1) && <h3>{frame.path || 'workflow'} <small>at {frame.at}</small></h3>}
                        {frame.bindings.map(one => {
                            const is = old.get(frame.path)?.get(one.name);
                            const changed = at.seq > 0 && is !== JSON.stringify(one.value);
                            return <div key={one.name} class={changed ? 'binding is-changed' : 'binding'}><Titled title={changed ? `${one.name} (${is === undefined ? 'new' : 'changed'})` : one.name} value={one.value} open={changed || frame.bindings.length < 4} /></div>;
                        })}
                        {!frame.bindings.length && <p class="muted">Nothing is saved here.</p>}
                    </div>
                ))}
                {state.data.value && !frames.length && !atStart && <Empty title="Nothing is saved here" />}
            </section>
            {forking.value && <Fork run={run} at={forking.value} close={() => { forking.value = null; }} />}
        </div>
    );
}
