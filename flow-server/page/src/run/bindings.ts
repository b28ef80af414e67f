/** What lived at a checkpoint of a run. */
import { part } from '../api.ts';
import type { CheckpointState, JsonObject } from '../types.ts';

/** The address of a run's checkpoints. */
export const checkpointsOf = (run: string): string => `api/runs/${part(run)}/checkpoints`;

/** A place or a binding as people read it: a branch ends at `=done` with `=result`. */
export const placeOf = (at: string): string => at.replace(/^=/, '');

/** The bindings of a frame, by name. */
export function bindingsOf(state: CheckpointState | null, path: string): JsonObject {
    const frame = state?.frames.find(frame => frame.path === path);
    return Object.fromEntries(frame?.bindings.map(({ name, value }) => [name, value]) ?? []);
}
