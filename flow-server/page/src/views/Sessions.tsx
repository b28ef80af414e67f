/** Sessions: runs that belong together, and the state they share. */
import { useSignal } from '@preact/signals';
import { call, part } from '../api.ts';
import { type Paged, useLoad, useOlder } from '../load.ts';
import { me } from '../me.ts';
import { go, to } from '../router.ts';
import type { RunLine, Session } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { Titled, gist, summary } from '../ui/Value.tsx';
import { useTitle } from '../ui/page.tsx';
import { Ago, Confirm, Copy, ENDED, Empty, Pending, Search, StatusPill, Took, has, say, short } from '../ui/ui.tsx';

interface Page extends Paged {
    sessions: Session[];
}

export function Sessions() {
    useTitle('Sessions');
    const path = 'api/sessions?limit=50';
    const list = useLoad<Page>(path, 5000);
    const { pages, next, load, loads } = useOlder(path, list, page => page.sessions);
    const search = useSignal('');
    const seen = new Set<string>();
    const all = pages.flatMap(page => page.sessions).filter(session => !seen.has(session.id) && seen.add(session.id));
    const found = all.filter(session => has(JSON.stringify(session), search.value));
    return (
        <>
            <header class="view-head"><h1 tabIndex={-1}>Sessions</h1></header>
            <div class="filter"><Search words={search} hint="Search sessions" /></div>
            <Pending of={list} />
            {list.data.value && !found.length && <Empty title={all.length ? 'No session is like that' : 'No sessions yet'}><p>Runs that are started with the same session share a state and a history.</p></Empty>}
            {found.length > 0 && (
                <table class="table sessions">
                    <caption class="hidden">Sessions, those written last first</caption>
                    <thead><tr><th scope="col">Session</th><th scope="col">State</th><th scope="col">User</th><th scope="col">Written</th></tr></thead>
                    <tbody>{found.map(session => (
                        <tr key={session.id}>
                            <td data-name="workflow"><a class="row-link" href={to(['sessions', session.id])}>{session.name || short(session.id)}</a>{session.name && <code class="muted"> {short(session.id)}</code>}</td>
                            <td data-name="input" class="clip">{summary(session.state)}</td>
                            <td data-name="user">{session.user}</td>
                            <td data-name="started"><Ago time={session.updated_at} /></td>
                        </tr>
                    ))}</tbody>
                </table>
            )}
            {next && <p class="more"><button type="button" disabled={loads} onClick={load}>{loads ? 'Loading…' : 'Show more'}</button></p>}
        </>
    );
}

export function SessionView({ id }: { id: string }) {
    const path = `api/sessions/${part(id)}`;
    const loaded = useLoad<Session>(path, 3000);
    const runs = useLoad<{ runs: RunLine[] }>(`${path}/runs`, 3000);
    const naming = useSignal<string | null>(null);
    const deleting = useSignal(false);
    const session = loaded.data.value;
    useTitle(session?.name || `Session ${short(id)}`);
    if (!session) return <Pending of={loaded} />;
    const rename = async (event: Event) => {
        event.preventDefault();
        try {
            await call(path, { method: 'PATCH', body: { name: naming.value!.trim() } });
            naming.value = null;
            loaded.reload();
            say('The session has its new name.');
        } catch (error) {
            say((error as Error).message, true);
        }
    };
    const remove = async () => {
        await call(path, { method: 'DELETE' });
        say('The session is deleted.');
        go(['sessions']);
    };
    return (
        <>
            <header class="run-head">
                <p class="crumbs"><a href={to(['sessions'])}>Sessions</a></p>
                <div class="title-line">
                    {naming.value === null ? <h1 tabIndex={-1}>{session.name || short(session.id)}</h1> : (
                        <form class="rename" onSubmit={rename}>
                            <input aria-label="Name of the session" autoFocus value={naming.value} onInput={event => { naming.value = event.currentTarget.value; }} onKeyDown={event => event.key === 'Escape' && (naming.value = null)} />
                            <button class="primary">Rename</button><button type="button" onClick={() => { naming.value = null; }}>Leave it</button>
                        </form>
                    )}
                    {me.value.can('admin') && naming.value === null && (
                        <div class="tools">
                            <button type="button" onClick={() => { naming.value = session.name ?? ''; }}><Icon name="edit" /> Rename</button>
                            <button type="button" class="danger-quiet" onClick={() => { deleting.value = true; }}><Icon name="trash" /> Delete</button>
                        </div>
                    )}
                </div>
                <dl class="facts">
                    <div><dt>Session</dt><dd><code title={session.id}>{short(session.id)}</code><Copy text={session.id} what="the session's id" /></dd></div>
                    {session.user && <div><dt>User</dt><dd>{session.user}</dd></div>}
                    <div><dt>Began</dt><dd><Ago time={session.created_at} /></dd></div>
                    <div><dt>Written</dt><dd><span><Ago time={session.updated_at} />, {session.version === 1 ? 'once' : `${session.version} times`}</span></dd></div>
                </dl>
            </header>
            <div class="session">
                <section aria-label="State"><Titled title="State" value={session.state} /></section>
                <section aria-labelledby="history">
                    <h2 id="history">Runs</h2>
                    {runs.data.value?.runs.length === 0 && <Empty title="No runs" />}
                    <ul class="history">
                        {runs.data.value?.runs.map(run => (
                            <li key={run.run}>
                                <a href={to(['runs', run.run])}><StatusPill status={run.status} /><b>{run.workflow}</b><span class="clip grow">{gist(run.input)}</span><span class="muted small"><Ago time={run.created_at} /> · <Took from={run.created_at} until={ENDED.includes(run.status) ? run.updated_at : null} /></span></a>
                                {run.output !== undefined && run.output !== null && <p class="muted small clip">{gist(run.output)}</p>}
                            </li>
                        ))}
                    </ul>
                </section>
            </div>
            {deleting.value && <Confirm title="Delete this session?" verb="Delete the session" act={remove} close={() => { deleting.value = false; }}><p>Its state is lost. Its runs stay.</p></Confirm>}
        </>
    );
}
