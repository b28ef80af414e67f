/** The page behind a signed link: one question, for somebody who only has to decide. */
import { ApiError, part } from './api.ts';
import { Answer } from './form/Answer.tsx';
import { useLoad } from './load.ts';
import { useSignal } from './signals.ts';
import type { Pause } from './types.ts';
import { Icon } from './ui/Icon.tsx';
import { Said } from './ui/say.tsx';
import { Ago } from './ui/status.tsx';
import { Loading, Problem } from './ui/wrong.tsx';

interface Linked {
    pause: Pause;
    workflow: string;
    expires_at: number;
}

const token = decodeURIComponent(location.pathname.replace(/\/+$/, '').split('/').pop() ?? '');
const path = `api/links/${part(token)}`;

export function PausePage() {
    const { data, error, reload } = useLoad<Linked>(path);
    const done = useSignal(false);
    return (
        <main class="single" tabIndex={-1}>
            {done.value ? <Over icon="check" title="Thank you">Your answer is given. This page can be closed.</Over>
                : error instanceof ApiError && [401, 403, 404, 409, 410].includes(error.status) ? <Over icon="clock" title="This link is not good any more">It was used, or its time is over. Ask for another one.</Over>
                : error !== null ? <Problem error={error} retry={reload} />
                : !data ? <Loading />
                : (
                    <>
                        <Answer pause={data.pause} id="link" asksWho={false} top path={path} done={given => { done.value ||= given; }} />
                        <p class="muted small foot">asked by {data.workflow}, the link ends <Ago time={data.expires_at} /></p>
                    </>
                )}
            <Said />
        </main>
    );
}

function Over({ icon, title, children }: { icon: string; title: string; children: string }) {
    return <div class="empty" role="status"><span class={`round is-${icon}`}><Icon name={icon} /></span><h1 class="empty-title">{title}</h1><p>{children}</p></div>;
}
