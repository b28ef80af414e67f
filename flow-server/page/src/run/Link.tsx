/** A link with which somebody without an account can answer one question. */
import { useSignal } from '../signals.ts';
import { call, part } from '../api.ts';
import type { Pause } from '../types.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { Line } from '../ui/inputs.tsx';
import { Copy } from '../ui/say.tsx';
import { Ago } from '../ui/status.tsx';

const SPANS: [name: string, seconds: number][] = [['an hour', 3600], ['a day', 86_400], ['a week', 604_800]];

export function LinkDialog({ run, pause, close }: { run: string; pause: Pause; close: () => void }) {
    const span = useSignal(86_400);
    const by = useSignal('');
    const made = useSignal<{ url: string; expires_at: number } | null>(null);
    const make = async () => {
        const body = { expires_in_s: span.value, by: by.value.trim() || undefined };
        made.value = await call(`api/runs/${part(run)}/pauses/${part(pause.id)}/link`, { method: 'POST', body });
    };
    const { value } = made;
    return (
        <Dialog title="A link to this question" verb="Make a link" act={make} leave="Close" close={close}>
            <p class="muted">Whoever has the link can answer <code>{pause.id}</code> once, and sees nothing else.</p>
            <Line id="link-by" label="Who gets it" hint="optional, is noted as who answered" text={by} />
            <div class="field"><label for="link-span">It is good for</label><select id="link-span" value={span.value} onChange={event => { span.value = Number(event.currentTarget.value); }}>{SPANS.map(([name, seconds]) => <option value={seconds}>{name}</option>)}</select></div>
            {value && <div role="status"><label for="link-url">The link, good until it is used; it ends <Ago time={value.expires_at} /></label><div class="copy-line"><input id="link-url" readOnly value={value.url} onFocus={event => event.currentTarget.select()} /><Copy text={value.url} what="the link" /></div></div>}
        </Dialog>
    );
}
