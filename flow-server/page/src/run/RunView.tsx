/** One run. */
import { useSignal } from '../signals.ts';
import { ApiError, call, offline, part } from '../api.ts';
import { Answer, answerPath } from '../form/Answer.tsx';
import { GraphView } from '../graph/Graph.tsx';
import { isObject } from '../json.ts';
import { me } from '../me.ts';
import { requery, route, to } from '../router.ts';
import type { Pause } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Heading } from '../ui/Heading.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Fact, Tabs } from '../ui/lists.tsx';
import { Copy, say, sayError } from '../ui/say.tsx';
import { Ago, ENDED, StatusPill, Took, short } from '../ui/status.tsx';
import { Empty, Pending, Problem } from '../ui/wrong.tsx';
import { Checkpoints } from './Checkpoints.tsx';
import { Events } from './Events.tsx';
import { Inspector } from './Inspector.tsx';
import { LinkDialog } from './Link.tsx';
import { Waterfall } from './Waterfall.tsx';
import { useLive } from './live.ts';
import type { Row } from './model.ts';

export function RunView({ id }: { id: string }) {
    const live = useLive(id);
    const { data: run, error } = live.run;
    const cancelling = useSignal(false);
    const linked = useSignal<Pause | null>(null);
    if (!run) {
        const gone = error instanceof ApiError && error.status === 404;
        return gone ? <Empty heading title="There is no such run"><p><code>{id}</code> is not in this store. Retention may have removed it.</p><p><a class="button" href={to(['runs'])}>All runs</a></p></Empty> : <Pending of={live.run} />;
    }
    const { query } = route.value;
    const tab = query.get('tab') ?? 'graph';
    const ended = ENDED.includes(run.status);
    const isWanted = ({ id }: Pause) => Number(id === query.get('pause'));
    const asked = run.pauses.filter(pause => pause.state === 'open').sort((left, right) => isWanted(right) - isWanted(left));
    const graph = live.graph.data;
    const node = graph?.layout.nodes.find(node => node.id === query.get('node')) ?? null;
    const choose = (id: string | null) => requery({ node: id });
    const chooseRow = (row: Row) => {
        const found = graph?.layout.nodes.find(node => node.name === row.label && node.kind === row.kind);
        if (found) choose(found.id);
    };
    const act = async (what: 'cancel' | 'retry', words: string) => {
        await call(`api/runs/${part(run.run)}/${what}`, { method: 'POST', body: {} });
        say(words);
        live.refresh();
    };
    const from = isObject(run.metadata) ? run.metadata.forked_from : null;
    const copied = isObject(from) ? from.run : from;
    const stay = () => { cancelling.value = false; };
    const canRun = me.value.can('run'), acts = me.value.acts(run.user);
    const bySteps = tab === 'graph' || tab === 'time';
    return (
        <article>
            <header class="run-head">
                <p class="crumbs"><a href={to(['runs'])}>Runs</a> <span aria-hidden="true">/</span> <a href={to(['runs'], { workflow: run.workflow })}>{run.workflow}</a></p>
                <div class="title-line">
                    <Heading title={`${run.workflow} ${short(run.run)}`}>{run.workflow}</Heading>
                    <span role="status"><StatusPill status={run.status} /></span>
                    <div class="tools">
                        {acts && run.status === 'failed' && <Button class="primary" icon="retry" onClick={() => act('retry', 'The run goes on.').catch(sayError)}>Retry</Button>}
                        {acts && <Button icon="fork" title="A copy that goes on from a checkpoint" onClick={() => requery({ tab: 'checkpoints' })}>Copy from…</Button>}
                        {canRun && <a class="button" href={to(['start', run.workflow], { like: run.run })}><Icon name="play" /> Start like this</a>}
                        {acts && !ended && run.status !== 'undoing' && <Button class="danger-quiet" icon="cross" onClick={() => { cancelling.value = true; }}>Cancel</Button>}
                    </div>
                </div>
                {/* A key that this page has made is nobody's name for it. */}
                <dl class="facts">
                    <Fact name="Run"><code title={run.run}>{short(run.run)}</code><Copy text={run.run} what="the run's id" /></Fact>
                    <Fact name="Started"><Ago time={run.created_at} /></Fact>
                    <Fact name={ended ? 'Took' : 'For'}><Took run={run} /></Fact>
                    {run.user && <Fact name="User"><a href={to(['runs'], { q: `user:${run.user}` })}>{run.user}</a></Fact>}
                    {run.session && run.session !== run.run && <Fact name="Session"><a href={to(['sessions', run.session])}>{run.session}</a></Fact>}
                    {run.key && !/^[0-9a-f]{32}$/.test(run.key) && <Fact name="Key"><code>{run.key}</code></Fact>}
                    {run.priority ? <Fact name="Priority">{run.priority}</Fact> : null}
                    {run.deadline ? <Fact name="Deadline"><Ago time={run.deadline} /></Fact> : null}
                    {run.wake && !ended ? <Fact name="Goes on"><Ago time={run.wake} /></Fact> : null}
                    {typeof copied === 'string' && <Fact name="Copy of"><a href={to(['runs', copied])}>{short(copied)}</a></Fact>}
                </dl>
            </header>
            {/* That the server is not there is said above. */}
            {error !== null && !offline.value && <Problem error={error} retry={live.refresh} />}
            {run.failure && (
                <section class="failure" aria-label="Why it failed">
                    <h2><Icon name="warn" /> {run.failure.chain[0] ?? 'It failed'}</h2>
                    {run.failure.chain.length > 1 && <ol>{run.failure.chain.slice(1).map(error => <li>{error}</li>)}</ol>}
                    <p class="muted small">{run.failure.after && <>after <code>{run.failure.after}</code> </>}{run.failure.path && <>in <code>{run.failure.path}</code></>}<Copy text={run.failure.chain.join('\nbecause ')} what="the error" /></p>
                    {run.failure.not_undone.length > 0 && <><p><b>Could not be undone</b></p><ul>{run.failure.not_undone.map(what => <li>{what}</li>)}</ul></>}
                </section>
            )}
            {asked.map(pause => (
                <div key={pause.id} class="open-pause">
                    <Answer pause={pause} id={run.run} asksWho={!me.value.named} path={answerPath(run.run, pause.id)} done={live.refresh} />
                    {me.value.can('admin') && <Button class="quiet small link-button" icon="link" onClick={() => { linked.value = pause; }}>Let somebody else answer by a link</Button>}
                </div>
            ))}
            <Tabs label="Views of the run" at={tab} set={tab => requery({ tab: tab === 'graph' ? null : tab })} tabs={[['graph', 'Graph'], ['time', 'Timeline'], ['checkpoints', 'Checkpoints'], ['events', <>Events <span class="count">{live.events.value.length || ''}</span></>]]} />
            <div class={bySteps ? 'run-body' : 'run-body is-wide'} role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
                {tab === 'graph' && <div>{graph ? <GraphView graph={graph} chosen={node?.id ?? null} choose={choose} /> : <Pending of={live.graph} />}</div>}
                {tab === 'time' && <div><Waterfall run={run} events={live.events.value} choose={chooseRow} /></div>}
                {tab === 'checkpoints' && <Checkpoints run={run} />}
                {tab === 'events' && <Events events={live.events.value} since={run.created_at} />}
                {bySteps && <aside aria-label={node ? `About ${node.name}` : 'About the run'}><Inspector run={run} node={node} mark={node ? graph?.standing?.nodes[node.id] : undefined} close={() => choose(null)} /></aside>}
            </div>
            {cancelling.value && (
                <Dialog danger title="Cancel this run?" verb="Cancel the run" leave="Leave it" act={() => act('cancel', 'The run is cancelled.').then(stay)} close={stay}>
                    <p>It stops where it is, and its questions are withdrawn. Steps that can be undone are undone, the last one first. This cannot be taken back.</p>
                </Dialog>
            )}
            {linked.value && <LinkDialog run={run.run} pause={linked.value} close={() => { linked.value = null; }} />}
        </article>
    );
}
