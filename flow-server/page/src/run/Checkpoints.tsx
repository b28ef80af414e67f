/** What was saved when: the bindings of every frame at any checkpoint, and copies of the run from there. */
import { useSignal } from '@preact/signals';
import { useLoad } from '../load.ts';
import { ApiError, part } from '../api.ts';
import { me } from '../me.ts';
import { requery, route } from '../router.ts';
import { exact, span } from '../time.ts';
import type { Checkpoint, CheckpointState, Frame, Run } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { Titled } from '../ui/Value.tsx';
import { Empty, Loading, Pending, Problem } from '../ui/ui.tsx';
import { Fork } from './Fork.tsx';

/** A place or a binding as people read it: a branch ends at `=done` with `=result`. */
export const placeOf = (at: string): string => at.replace(/^=/, '');

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
    const key = (event: KeyboardEvent) => {
        const index = all.findIndex(one => one.seq === at.seq);
        const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: all.length - 1 }[event.key];
        const found = next === undefined ? undefined : all[next];
        if (!found) return;
        event.preventDefault();
        set(found.seq);
        const box = event.currentTarget as HTMLElement;
        requestAnimationFrame(() => box.querySelector<HTMLElement>('[aria-selected=true]')?.focus());
    };
    if (!list.data.value) return <Pending of={list} />;
    return (
        <div class="checkpoints">
            <div class="checkpoint-list" role="listbox" aria-label="Checkpoints" onKeyDown={key}>
                {all.map(one => (
                    <button key={one.seq} type="button" role="option" aria-selected={one.seq === at.seq} tabIndex={one.seq === at.seq ? 0 : -1} onClick={() => set(one.seq)} title={exact(one.time)}>
                        <span class="seq">{one.seq}</span><span class="grow">{placeOf(one.at)}{one.path && <small> {one.path}</small>}</span><span class="muted small">+{span(one.time - run.created_at)}</span>
                    </button>
                ))}
            </div>
            <section class="checkpoint" aria-label={`Checkpoint ${at.seq}`}>
                <header>
                    <h2>{at.seq === 0 ? 'At the start' : placeOf(at.at)}</h2>
                    {me.value.acts(run.user) && <button type="button" disabled={!state.data.value && !atStart} onClick={() => { forking.value = { ...at, ...state.data.value, frames }; }}><Icon name="fork" /> Copy the run from here</button>}
                </header>
                {atStart && <Titled title="Input" value={run.input} />}
                {state.error.value !== null && !atStart && <Problem error={state.error.value} retry={state.reload} />}
                {!state.data.value && !state.error.value && <Loading />}
                {frames.map(frame => (
                    <div key={frame.path} class="frame">
                        {(frame.path || frames.length > 1) && <h3>{frame.path || 'workflow'} <small>at {placeOf(frame.at)}</small></h3>}
                        {frame.bindings.map(one => {
                            const is = old.get(frame.path)?.get(one.name);
                            const changed = at.seq > 0 && is !== JSON.stringify(one.value);
                            return <div key={one.name} class={changed ? 'binding is-changed' : 'binding'}><Titled title={placeOf(one.name) + (changed ? ` (${is === undefined ? 'new' : 'changed'})` : '')} value={one.value} open={changed || frame.bindings.length < 4} /></div>;
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
