/** The page: where one is, and the frame around it. */
// This is the order in which the script is put together: with what is alike side by side it packs better.
import { route, to } from './router.ts';
import { epoch, offline, setToken, token, tokenWanted } from './api.ts';
import { Start, Workflows } from './views/Start.tsx';
import { PausePage } from './pause.tsx';
import { RunView } from './run/RunView.tsx';
import { Runs } from './views/Runs.tsx';
import { Inbox } from './views/Inbox.tsx';
import { SessionView, Sessions } from './views/Sessions.tsx';
import { signal, useSignal } from './signals.ts';
import { render } from 'preact';
import { useEffect } from './hooks.ts';
import { useLoad } from './load.ts';
import { askMe, me } from './me.ts';
import { Button } from './ui/Button.tsx';
import { Dialog } from './ui/Dialog.tsx';
import { Icon } from './ui/Icon.tsx';
import { LOGO } from './ui/logo.ts';
import { Line } from './ui/inputs.tsx';
import { Said } from './ui/say.tsx';
import { Empty, Wrong } from './ui/wrong.tsx';
import type { ListedPause } from './types.ts';

const THEMES = ['auto', 'light', 'dark'] as const;
const theme = signal(localStorage.getItem('flow-theme') ?? 'auto');
const dress = () => { document.documentElement.dataset.theme = theme.value; };
dress();

function View() {
    const [first = 'runs', second, third] = route.value.path;
    switch (first) {
        case 'runs': return second ? <RunView key={second} id={second} /> : <Runs />;
        case 'start': return second ? <Start key={second} id={second} /> : <Workflows />;
        case 'pauses': return <Inbox chosen={second && third ? [second, third] : []} />;
        case 'sessions': return second ? <SessionView key={second} id={second} /> : <Sessions />;
        default: return <Empty heading title="There is nothing here"><p><a class="button" href={to(['runs'])}>All runs</a></p></Empty>;
    }
}

function App() {
    const { path } = route.value;
    const [first = 'runs'] = path;
    const waiting = useLoad<{ pauses: ListedPause[]; next?: string | null }>('api/pauses?limit=100', 4000);
    const count = waiting.data?.pauses.length ?? 0;
    const round = epoch.value;
    // If that fails, so does all else, which tells it.
    useEffect(() => void askMe().catch(() => {}), [round]);
    const turn = () => {
        theme.value = THEMES[(THEMES.indexOf(theme.value as 'auto') + 1) % THEMES.length]!;
        localStorage.setItem('flow-theme', theme.value);
        dress();
    };
    const link = (id: string, icon: string, name: string, more?: preact.ComponentChildren) => <li><a href={to([id])} aria-current={first === id}><Icon name={icon} /><span>{name}</span>{more}</a></li>;
    return (
        <>
            <nav aria-label="Main">
                <a class="skip" href={to(path)} onClick={event => { event.preventDefault(); document.querySelector('main')?.focus(); }}>Skip to the content</a>
                <a class="brand" href={to(['runs'])} aria-label="Workflows, all runs"><img src={LOGO} width="24" height="24" alt="" /><span>Workflows</span></a>
                <ul>
                    {link('runs', 'runs', 'Runs')}
                    {link('pauses', 'inbox', 'Waiting', count > 0 && <span class="badge-count" aria-label={`${count} open questions`}>{count > 99 ? '99+' : count}</span>)}
                    {me.value.can('run') && link('start', 'play', 'Start')}
                    {link('sessions', 'sessions', 'Sessions')}
                </ul>
                <div class="nav-foot">
                    {me.value.named && <p class="muted small who"><Icon name="person" /> <span>{me.value.named}</span></p>}
                    {token.value && <Button class="quiet" icon="key" onClick={() => setToken('')}><span>Forget the token</span></Button>}
                    <Button class="quiet" icon="theme" onClick={turn}><span>Colours: {theme.value}</span></Button>
                </div>
            </nav>
            <main tabIndex={-1}>
                {offline.value && <Wrong words={['The server cannot be reached. This page tries again by itself.']} />}
                <View />
            </main>
            <Said />
            {tokenWanted.value !== null && <TokenDialog why={tokenWanted.value} />}
        </>
    );
}

function TokenDialog({ why }: { why: string }) {
    const text = useSignal('');
    const enter = () => {
        if (text.value.trim()) setToken(text.value.trim());
    };
    return (
        <Dialog title="A token is needed" verb="Go on" act={enter} close={() => { tokenWanted.value = null; }}>
            <p class="muted">It is kept in this tab only, until that is closed.</p>
            <Wrong words={why ? [why] : []} />
            <Line id="token" label="Token" type="password" autocomplete="current-password" autoFocus text={text} />
        </Dialog>
    );
}

document.head.append(Object.assign(document.createElement('link'), { rel: 'icon', href: LOGO }));
render(document.documentElement.dataset.page === 'pause' ? <PausePage /> : <App />, document.body);
