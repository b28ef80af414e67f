/** All runs. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type Paged, useLoad, useOlder } from '../load.ts';
import { me } from '../me.ts';
import { go, requery, route, to } from '../router.ts';
import type { RunLine, Status, Workflow } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { gist } from '../ui/Value.tsx';
import { useTitle } from '../ui/page.tsx';
import { Ago, ENDED, Empty, Pending, Search, StatusPill, Took, has, short, wordOf } from '../ui/ui.tsx';

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
    useTitle('Runs');
    const { query } = route.value;
    const status = query.get('status') ?? '';
    const workflow = query.get('workflow') ?? '';
    const text = query.get('q') ?? '';
    const filters = filtersOf(text);
    const search = new URLSearchParams({ ...(status ? { status } : {}), ...(workflow ? { workflow } : {}), ...filters.query, limit: String(PAGE) });
    const path = `api/runs?${search}`;
    const page = useLoad<Page>(path, 2000);
    const workflows = useLoad<{ workflows: Workflow[] }>('api/workflows');
    const stats = useLoad<{ counts?: { workflow: string; status: string; runs: number }[] }>('api/stats', 4000);
    const { pages, next, load, loads } = useOlder(path, page, one => one.runs);
    const typed = useSignal(text);
    const table = useRef<HTMLTableSectionElement>(null);
    useEffect(() => { typed.value = text; }, [text]);
    useSignalEffect(() => {
        const next = typed.value;
        const timer = setTimeout(() => { if (next !== (route.value.query.get('q') ?? '')) requery({ q: next || null }); }, 250);
        return () => clearTimeout(timer);
    });

    const seen = new Set<string>();
    const runs = pages.flatMap(one => one.runs).filter(run => !seen.has(run.run) && seen.add(run.run));
    const found = filters.words ? runs.filter(run => has(JSON.stringify(run), filters.words)) : runs;
    const count = (state: string) => {
        const all = stats.data.value?.counts;
        if (!Array.isArray(all)) return '';
        return all.filter(one => (!state || one.status === state) && (!workflow || one.workflow === workflow)).reduce((sum, one) => sum + one.runs, 0) || '';
    };
    const key = (event: KeyboardEvent) => {
        const rows = [...(table.current?.querySelectorAll<HTMLAnchorElement>('a.row-link') ?? [])];
        const index = rows.indexOf(document.activeElement as HTMLAnchorElement);
        const to = { ArrowDown: index + 1, ArrowUp: index - 1, j: index + 1, k: index - 1 }[event.key];
        if (index < 0 || to === undefined || !rows[to]) return;
        event.preventDefault();
        rows[to].focus();
    };
    const none = !runs.length && !status && !workflow && !text;
    return (
        <>
            <header class="view-head">
                <h1 tabIndex={-1}>Runs</h1>
                {me.value.can('run') && <a class="button primary" href={to(['start'])}><Icon name="play" /> Start a run</a>}
            </header>
            <div class="filter">
                <Search words={typed} hint="Search, or user:ann key=value" />
                <select aria-label="Workflow" value={workflow} onChange={event => requery({ workflow: event.currentTarget.value || null })}>
                    <option value="">All workflows</option>
                    {workflows.data.value?.workflows.map(one => <option key={one.id} value={one.id}>{one.id}</option>)}
                    {workflow && !workflows.data.value?.workflows.some(one => one.id === workflow) && <option value={workflow}>{workflow}</option>}
                </select>
                <div class="chips" role="group" aria-label="Status">
                    {['', ...STATES].map(state => <button key={state} type="button" class={`chip is-${state || 'all'}`} aria-pressed={status === state} onClick={() => requery({ status: state || null })}>{state && <span class="dot" aria-hidden="true" />}{state ? wordOf(state) : 'All'} <span class="count">{count(state)}</span></button>)}
                </div>
            </div>
            <Pending of={page} />
            {page.data.value && !found.length && (none
                ? <Empty title="No runs yet"><p>A run is one pass through a workflow, from its input to its output.</p><p><a class="button primary" href={to(['start'])}><Icon name="play" /> Start the first one</a></p></Empty>
                : <Empty title="No run is like that">{next ? <p>Among the last {runs.length}. <button type="button" onClick={load}>Look further back</button></p> : <p><button type="button" onClick={() => go(['runs'])}>Show all runs</button></p>}</Empty>)}
            {found.length > 0 && (
                <table class="table runs" onKeyDown={key}>
                    <caption class="hidden">Runs, the newest first</caption>
                    <thead><tr>{['Status', 'Workflow', 'Input', 'User', 'Started', 'Took'].map(name => <th key={name} scope="col">{name}</th>)}</tr></thead>
                    <tbody ref={table}>
                        {found.map(run => (
                            <tr key={run.run}>
                                <td data-name="status"><StatusPill status={run.status} /></td>
                                <td data-name="workflow"><a class="row-link" href={to(['runs', run.run])} aria-label={`${run.workflow} ${short(run.run)}, ${wordOf(run.status)}`}>{run.workflow}</a> <code class="muted">{short(run.run)}</code></td>
                                <td data-name="input" class="clip"><span title={JSON.stringify(run.input)}>{gist(run.input)}</span></td>
                                <td data-name="user">{run.user}</td>
                                <td data-name="started"><Ago time={run.created_at} /></td>
                                <td data-name="took" class="right number"><Took from={run.created_at} until={ENDED.includes(run.status) ? run.updated_at : null} /></td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
            {next && found.length > 0 && <p class="more"><button type="button" disabled={loads} onClick={load}>{loads ? 'Loading…' : 'Show older runs'}</button></p>}
        </>
    );
}
