/** Sessions: runs that belong together, and the state they share. */
import { useSignal } from '../signals.ts';
import { call, part } from '../api.ts';
import { type Paged, useLoad, useOlder } from '../load.ts';
import { me } from '../me.ts';
import { go, to } from '../router.ts';
import type { RunLine, Session } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Titled, gist } from '../ui/Value.tsx';
import { Heading } from '../ui/Heading.tsx';
import { Line, Search, has } from '../ui/inputs.tsx';
import { Fact, More, Table } from '../ui/lists.tsx';
import { Copy, say } from '../ui/say.tsx';
import { Ago, StatusPill, Took, short } from '../ui/status.tsx';
import { Empty, Pending } from '../ui/wrong.tsx';

interface Page extends Paged {
    sessions: Session[];
}

export function Sessions() {
    const path = 'api/sessions?limit=50';
    const list = useLoad<Page>(path, 5000);
    const older = useOlder(path, list, page => page.sessions, session => session.id);
    const { all } = older;
    const search = useSignal('');
    const found = all.filter(session => has(JSON.stringify(session), search.value));
    return (
        <>
            <header class="view-head"><Heading title="Sessions" /></header>
            <div class="filter"><Search words={search} hint="Search sessions" /></div>
            <Pending of={list} />
            {list.data && !found.length && <Empty title={all.length ? 'No session is like that' : 'No sessions yet'}><p>Runs of one session share a state and a history.</p></Empty>}
            {found.length > 0 && (
                <Table name="sessions" label="Sessions, those written last first" columns={['Session', 'State', 'User', 'Written']}>
                    {found.map(session => (
                        <tr key={session.id}>
                            <td data-name="workflow"><a class="row-link" href={to(['sessions', session.id])}>{session.name || short(session.id)}</a>{session.name && <code class="muted"> {short(session.id)}</code>}</td>
                            <td data-name="input" class="clip">{gist(session.state)}</td>
                            <td data-name="user">{session.user}</td>
                            <td data-name="started"><Ago time={session.updated_at} /></td>
                        </tr>
                    ))}
                </Table>
            )}
            <More of={older} />
        </>
    );
}

export function SessionView({ id }: { id: string }) {
    const path = `api/sessions/${part(id)}`;
    const loaded = useLoad<Session>(path, 3000);
    const runs = useLoad<{ runs: RunLine[] }>(`${path}/runs`, 3000);
    const naming = useSignal(false);
    const name = useSignal('');
    const deleting = useSignal(false);
    const session = loaded.data;
    if (!session) return <Pending of={loaded} />;
    const rename = async () => {
        await call(path, { method: 'PATCH', body: { name: name.value.trim() } });
        naming.value = false;
        loaded.reload();
        say('The session has its new name.');
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
                    <Heading title={session.name || short(id)} />
                    {me.value.can('admin') && !naming.value && (
                        <div class="tools">
                            <Button icon="edit" onClick={() => { name.value = session.name ?? ''; naming.value = true; }}>Rename</Button>
                            <Button class="danger-quiet" icon="trash" onClick={() => { deleting.value = true; }}>Delete</Button>
                        </div>
                    )}
                </div>
                <dl class="facts">
                    <Fact name="Session"><code title={session.id}>{short(session.id)}</code><Copy text={session.id} what="the session's id" /></Fact>
                    {session.user && <Fact name="User">{session.user}</Fact>}
                    <Fact name="Began"><Ago time={session.created_at} /></Fact>
                    <Fact name="Written"><span><Ago time={session.updated_at} />, {session.version === 1 ? 'once' : `${session.version} times`}</span></Fact>
                </dl>
            </header>
            <div class="session">
                <section aria-label="State"><Titled title="State" value={session.state} /></section>
                <section aria-labelledby="history">
                    <h2 id="history">Runs</h2>
                    {runs.data?.runs.length === 0 && <Empty title="No runs" />}
                    <ul class="history">
                        {runs.data?.runs.map(run => (
                            <li key={run.run}>
                                <a href={to(['runs', run.run])}><StatusPill status={run.status} /><b>{run.workflow}</b><span class="clip grow">{gist(run.input)}</span><span class="muted small"><Ago time={run.created_at} /> · <Took run={run} /></span></a>
                                {run.output !== undefined && run.output !== null && <p class="muted small clip">{gist(run.output)}</p>}
                            </li>
                        ))}
                    </ul>
                </section>
            </div>
            {naming.value && <Dialog title="Rename the session" verb="Rename" leave="Leave it" act={rename} close={() => { naming.value = false; }}><Line id="name" label="Name of the session" autoFocus text={name} /></Dialog>}
            {deleting.value && <Dialog danger title="Delete this session?" verb="Delete the session" leave="Leave it" act={remove} close={() => { deleting.value = false; }}><p>Its state is lost. Its runs stay.</p></Dialog>}
        </>
    );
}
