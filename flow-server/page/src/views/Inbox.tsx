/** What waits for answers, over all runs. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Paged, useLoad, useOlder } from '../load.ts';
import { me } from '../me.ts';
import { requery, route, to } from '../router.ts';
import { Answer } from '../form/Answer.tsx';
import { sendTo } from '../run/RunView.tsx';
import { now } from '../time.ts';
import type { ListedPause } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { gist } from '../ui/Value.tsx';
import { useTitle } from '../ui/page.tsx';
import { Ago, Empty, Pending, Search, has, short } from '../ui/ui.tsx';

interface Page extends Paged {
    pauses: ListedPause[];
}

export function Inbox({ chosen }: { chosen: string[] }) {
    useTitle('Waiting');
    const { query } = route.value;
    const workflow = query.get('workflow') ?? '';
    const path = `api/pauses?limit=200${workflow ? `&workflow=${encodeURIComponent(workflow)}` : ''}`;
    const list = useLoad<Page>(path, 3000);
    const { pages, next, load, loads, forget } = useOlder(path, list, page => page.pauses);
    const search = useSignal('');
    const seen = new Set<string>();
    const all = pages.flatMap(page => page.pauses).filter(({ run, id }) => !seen.has(`${run}/${id}`) && seen.add(`${run}/${id}`));
    const nothing = pages.length > 0 && !all.length && next ? pages.length : 0;
    // The newest runs may ask nothing, and older ones something all the same.
    useEffect(() => { if (nothing === 1) void load(); }, [nothing]);
    const found = all.filter(({ schema: _, ...pause }) => has(JSON.stringify(pause), search.value));
    const [run, id] = chosen;
    const at: ListedPause | null | undefined = all.find(pause => pause.run === run && pause.id === id) ?? (run ? null : undefined);
    const workflows = [...new Set([...all.map(pause => pause.workflow), ...(workflow ? [workflow] : [])])];
    return (
        <div class={run ? 'inbox has-chosen' : 'inbox'}>
            <div class="inbox-list">
                <header class="view-head">{run ? <h2 class="h1">Waiting</h2> : <h1 tabIndex={-1}>Waiting</h1>}</header>
                <div class="filter">
                    <Search words={search} hint="Search questions" />
                    {workflows.length > 1 || workflow ? <select aria-label="Workflow" value={workflow} onChange={event => requery({ workflow: event.currentTarget.value || null })}><option value="">All workflows</option>{workflows.map(one => <option key={one} value={one}>{one}</option>)}</select> : null}
                </div>
                <Pending of={list} />
                {list.data.value && !found.length && (all.length ? <Empty title="No question is like that" /> : next ? <Empty title="No question so far" /> : <Empty title="Nothing waits for you"><p>Questions of all runs come here when they are asked.</p></Empty>)}
                <ul class="questions" aria-label="Open questions">
                    {found.map(pause => {
                        const late = pause.deadline !== null && pause.deadline !== undefined && pause.deadline - now.value < 3_600_000;
                        return (
                            <li key={`${pause.run}/${pause.id}`}>
                                <a href={to(['pauses', pause.run, pause.id], { workflow })} aria-current={pause === at ? 'true' : undefined}>
                                    <span class="question-line">{pause.question || pause.name}</span>
                                    <span class="gist">{gist(pause.prompt)}</span>
                                    <span class="muted small meta"><b>{pause.workflow}</b><code>{short(pause.run)}</code><span>asked <Ago time={pause.asked_at} /></span>{pause.deadline ? <span class={late ? 'urgent' : ''}>answer <Ago time={pause.deadline} /></span> : null}{pause.allowed?.users?.length || pause.allowed?.roles?.length ? <span>for {[...(pause.allowed.users ?? []), ...(pause.allowed.roles ?? [])].join(', ')}</span> : null}</span>
                                </a>
                            </li>
                        );
                    })}
                </ul>
                {next && <p class="more"><button type="button" disabled={loads} onClick={load}>{loads ? 'Loading…' : 'Show more'}</button></p>}
            </div>
            <div class="inbox-detail" aria-live="off">
                {at ? (
                    <>
                        <p class="crumbs"><a class="back" href={to(['pauses'], { workflow })}><Icon name="back" /> All questions</a><a href={to(['runs', at.run], { pause: at.id })}>{at.workflow} <code>{short(at.run)}</code></a></p>
                        <Answer key={`${at.run}/${at.id}`} pause={at} id={at.run} asksWho={!me.value.named} send={sendTo(at.run, at.id)} done={() => { forget(); list.reload(); }} level="h1" />
                    </>
                ) : at === null && list.data.value ? (
                    <Empty heading title={next ? 'No question so far' : 'This question is not open any more'}><p><a class="button" href={to(['runs', run!])}>See its run</a> <a class="button back" href={to(['pauses'])}>All questions</a></p></Empty>
                ) : found.length > 0 && <Empty title="Choose a question" />}
            </div>
        </div>
    );
}
