/** A link with which somebody without an account can answer one question. */
import { useSignal } from '@preact/signals';
import { call, part } from '../api.ts';
import type { Pause } from '../types.ts';
import { Ago, Copy, Dialog, Line, Problem } from '../ui/ui.tsx';

const SPANS: [string, number][] = [['an hour', 3600], ['a day', 86_400], ['a week', 604_800]];

export function LinkDialog({ run, pause, close }: { run: string; pause: Pause; close: () => void }) {
    const span = useSignal(86_400);
    const by = useSignal('');
    const made = useSignal<{ url: string; expires_at: number } | null>(null);
    const error = useSignal<unknown>(null);
    const make = async (event: Event) => {
        event.preventDefault();
        try {
            const body = { expires_in_s: span.value, ...(by.value.trim() ? { by: by.value.trim() } : {}) };
            made.value = await call(`api/runs/${part(run)}/pauses/${part(pause.id)}/link`, { method: 'POST', body });
            error.value = null;
        } catch (wrong) {
            error.value = wrong;
        }
    };
    return (
        <Dialog title="A link to this question" close={close}>
            <form class="dialog-form" onSubmit={make}>
                <div class="dialog-body">
                    <p class="muted">Whoever has the link can answer <code>{pause.id}</code> once, and sees nothing else.</p>
                    <Line id="link-by" label="Who gets it" hint="optional, is noted as who answered" text={by} />
                    <div class="field"><label for="link-span">It is good for</label><select id="link-span" value={String(span.value)} onChange={event => { span.value = Number(event.currentTarget.value); }}>{SPANS.map(([name, seconds]) => <option key={seconds} value={String(seconds)}>{name}</option>)}</select></div>
                    {made.value && <div class="made" role="status"><label for="link-url">The link, good until it is used; it ends <Ago time={made.value.expires_at} /></label><div class="copy-line"><input id="link-url" readOnly value={made.value.url} onFocus={event => event.currentTarget.select()} /><Copy text={made.value.url} what="the link" /></div></div>}
                    {error.value !== null && <Problem error={error.value} />}
                </div>
                <footer><button type="button" onClick={close}>Close</button><button class="primary">Make a link</button></footer>
            </form>
        </Dialog>
    );
}
