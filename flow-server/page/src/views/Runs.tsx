/** All runs. */
import { useSignal } from '../signals.ts';
import { useEffect } from '../hooks.ts';
import { type Paged, useLoad, useOlder } from '../load.ts';
import { me } from '../me.ts';
import { go, requery, route, to } from '../router.ts';
import type { RunLine, Status, Workflow } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import { gist } from '../ui/Value.tsx';
import { Heading } from '../ui/Heading.tsx';
import { Search, WorkflowSelect, has } from '../ui/inputs.tsx';
import { Chips, More, Table } from '../ui/lists.tsx';
import { Ago, Dot, StatusPill, Took, short, wordOf } from '../ui/status.tsx';
import { Empty, Pending } from '../ui/wrong.tsx';

const STATES: Status[] = ['running', 'paused', 'failed', 'completed', 'cancelled'];
const PAGE = 50;

interface Page extends Paged {
    runs: RunLine[];
}

/** `user:ann session:s-1 source=web words` as filters of the server, and words to look for in what it finds. */
export function filtersOf(text: string): { query: Record<string, string>; words: string } {
    const query: Record<string, string> = {};
    const words: string[] = [];
    for (const word of text.split(/\s+/).filter(Boolean)) {
        const named = /^(user|session|workflow|status):(.+)$/.exec(word);
        const meta = /^([\w.-]+)=(.+)$/.exec(word);
        if (named) query[named[1]!] = named[2]!;
        else if (meta) query[`metadata.${meta[1]}`] = meta[2]!;
        else words.push(word);
    }
    return { query, words: words.join(' ') };
}

export function Runs() {
    const { query } = route.value;
    const status = query.get('status') ?? '';
    const workflow = query.get('workflow') ?? '';
    const text = query.get('q') ?? '';
    const filters = filtersOf(text);
    const search = new URLSearchParams({ ...(status ? { status } : {}), ...(workflow ? { workflow } : {}), ...filters.query, limit: String(PAGE) });
    const path = `api/runs?${search}`;
    const page = useLoad<Page>(path, 2000);
    const workflows = useLoad<{ workflows: Workflow[] }>('api/workflows');
    const stats = useLoad<{ counts: { workflow: string; status: string; runs: number }[] }>('api/stats', 4000);
    const older = useOlder(path, page, one => one.runs, run => run.run);
    const { all: runs } = older;
    const typed = useSignal(text);
    useEffect(() => { typed.value = text; }, [text]);
    useEffect(() => {
        const timer = setTimeout(() => { if (typed.value !== (route.value.query.get('q') ?? '')) requery({ q: typed.value }); }, 250);
        return () => clearTimeout(timer);
    }, [typed.value]);

    const found = filters.words ? runs.filter(run => has(JSON.stringify(run), filters.words)) : runs;
    const count = (state: string) => {
        const counts = stats.data?.counts ?? [];
        return counts.filter(one => (!state || one.status === state) && (!workflow || one.workflow === workflow)).reduce((sum, one) => sum + one.runs, 0) || '';
    };
    const none = !runs.length && !status && !workflow && !text;
    return (
        <>
            <header class="view-head">
                <Heading title="Runs" />
                {me.value.can('run') && <a class="button primary" href={to(['start'])}><Icon name="play" /> Start a run</a>}
            </header>
            <div class="filter">
                <Search words={typed} hint="Search, or user:ann key=value" />
                <WorkflowSelect at={workflow} all={workflows.data?.workflows.map(one => one.id) ?? []} />
                <Chips label="Status" at={status} set={status => requery({ status })} chips={['', ...STATES].map(state => [state, <>{state && <Dot />}{state ? wordOf(state) : 'All'} <span class="count">{count(state)}</span></>])} />
            </div>
            <Pending of={page} />
            {page.data && !found.length && (none
                ? <Empty title="No runs yet"><p>A run is one pass through a workflow.</p><p><a class="button primary" href={to(['start'])}><Icon name="play" /> Start the first one</a></p></Empty>
                : <Empty title="No run is like that">{older.next ? <p>Among the last {runs.length}. <Button onClick={older.load}>Look further back</Button></p> : <p><Button onClick={() => go(['runs'])}>Show all runs</Button></p>}</Empty>)}
            {found.length > 0 && (
                <Table name="runs" label="Runs, the newest first" columns={['Status', 'Workflow', 'Input', 'User', 'Started', 'Took']}>
                        {found.map(run => (
                            <tr key={run.run}>
                                <td data-name="status"><StatusPill status={run.status} /></td>
                                <td data-name="workflow"><a class="row-link" href={to(['runs', run.run])} aria-label={`${run.workflow} ${short(run.run)}, ${wordOf(run.status)}`}>{run.workflow}</a> <code class="muted">{short(run.run)}</code></td>
                                <td data-name="input" class="clip"><span title={JSON.stringify(run.input)}>{gist(run.input)}</span></td>
                                <td data-name="user">{run.user}</td>
                                <td data-name="started"><Ago time={run.created_at} /></td>
                                <td data-name="took" class="right number"><Took run={run} /></td>
                            </tr>
                        ))}
                </Table>
            )}
            {found.length > 0 && <More of={older}>Show older runs</More>}
        </>
    );
}
