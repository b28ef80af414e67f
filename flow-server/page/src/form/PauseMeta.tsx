/** Since when and of whom something is asked. */
import type { ComponentChildren } from 'preact';
import { exact, now } from '../time.ts';
import type { Pause } from '../types.ts';
import { Ago } from '../ui/status.tsx';

/** A deadline that is nearer than this is urgent, in milliseconds. */
const SOON = 3_600_000;

/** Who may answer, if not everybody may. */
export function answerers({ allowed }: Pause): string {
    const who = [...(allowed?.users ?? []), ...(allowed?.roles ?? []).map(role => `anyone with the role ${role}`)].join(', ');
    return [who && `for ${who}`, allowed?.except?.length && `not ${allowed.except.join(', ')}`].filter(Boolean).join(', ');
}

const times = (count: number | undefined, once: string, many: string) => (count ? <span>{count === 1 ? once : many}</span> : null);

export function PauseMeta({ pause, who, children }: { pause: Pause; who?: string; children: ComponentChildren }) {
    const { deadline, asked_before, reminded } = pause;
    return (
        <p class="muted small meta">
            {children}
            <span>asked <Ago time={pause.asked_at} /></span>
            {deadline ? <span class={deadline - now.value < SOON ? 'urgent' : ''} title={exact(deadline)}>answer <Ago time={deadline} /></span> : null}
            {who && <span>{who}</span>}
            {times(asked_before, 'asked once before', `asked ${asked_before} times before`)}
            {times(reminded, 'one reminder', `${reminded} reminders`)}
        </p>
    );
}
