/** The page behind a signed link: one question, for somebody who only has to decide. */
import { useSignal } from './signals.ts';
import { useEffect } from 'preact/hooks';
import { ApiError, call, part } from './api.ts';
import { Answer } from './form/Answer.tsx';
import type { Pause } from './types.ts';
import { Icon } from './ui/Icon.tsx';
import { Ago, Loading, Problem, Said } from './ui/ui.tsx';

interface Linked {
    pause: Pause;
    workflow?: string;
    expires_at?: number;
}

const token = decodeURIComponent(location.pathname.replace(/\/+$/, '').split('/').pop() ?? '');
const path = `api/links/${part(token)}`;

export function PausePage() {
    const linked = useSignal<Linked | null>(null);
    const error = useSignal<unknown>(null);
    const done = useSignal(false);
    const load = async () => {
        try {
            linked.value = await call<Linked>(path, { open: true });
            error.value = null;
            document.title = linked.value.pause.question || 'A question';
        } catch (wrong) {
            error.value = wrong;
        }
    };
    useEffect(() => void load(), []);
    const { value } = linked;
    const over = value?.pause.state !== undefined && value.pause.state !== 'open' || error.value instanceof ApiError && [401, 403, 404, 409, 410].includes(error.value.status);
    return (
        <main class="single" tabIndex={-1}>
            {done.value ? <Over icon="check" title="Thank you">Your answer is given. This page can be closed.</Over>
                : over ? <Over icon="clock" title="This link is not good any more">It was used, or its time is over. Ask whoever sent it for another one.</Over>
                : error.value !== null ? <Problem error={error.value} retry={() => void load()} />
                : !value ? <Loading />
                : (
                    <>
                        <Answer pause={value.pause} id="link" asksWho={false} level="h1" send={(given, key) => call<unknown>(path, { method: 'POST', body: given, open: true, headers: { 'idempotency-key': key } }).then(() => { done.value = true; })} done={() => {}} />
                        <p class="muted small foot">{value.workflow && <>asked by {value.workflow}</>}{value.expires_at && <>, the link ends <Ago time={value.expires_at} /></>}</p>
                    </>
                )}
            <Said />
        </main>
    );
}

function Over({ icon, title, children }: { icon: string; title: string; children: string }) {
    return <div class="over-page" role="status"><span class={`round is-${icon}`}><Icon name={icon} /></span><h1>{title}</h1><p>{children}</p></div>;
}
