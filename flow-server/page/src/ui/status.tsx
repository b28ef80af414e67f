/** States, moments and durations. */
import { humane } from '../json.ts';
import { ago, exact, now, span } from '../time.ts';
import type { RunLine } from '../types.ts';

export const ENDED: readonly string[] = ['completed', 'failed', 'cancelled'];

/** A state in words. */
export const wordOf = (status: string): string => (status === 'paused' ? 'Waiting' : humane(status));

export function Dot() {
    return <span class="dot" aria-hidden="true" />;
}

export function StatusPill({ status }: { status: string }) {
    return <span class={`pill is-${status}`}><Dot />{wordOf(status)}</span>;
}

/** A moment: relative, with the exact one in the tooltip. */
export function Ago({ time }: { time: number }) {
    return <time dateTime={new Date(time).toISOString()} title={exact(time)}>{ago(time, now.value)}</time>;
}

/** How long a run took, or has taken so far. */
export function Took({ run: { status, created_at, updated_at } }: { run: RunLine }) {
    return <span title={`${exact(created_at)} –`}>{span((ENDED.includes(status) ? updated_at : now.value) - created_at)}</span>;
}

/** The part of an id that people read. */
export const short = (id: string): string => (/^[0-9a-f-]{30,}$/.test(id) ? id.slice(-8) : id);
