/** What waits for answers, over all runs. */
import { useSignal } from '../signals.ts';
import { part } from '../api.ts';
import { useEffect } from '../hooks.ts';
import { type Paged, useLoad, useOlder } from '../load.ts';
import { me } from '../me.ts';
import { route, to } from '../router.ts';
import { Answer, answerPath } from '../form/Answer.tsx';
import { PauseMeta } from '../form/PauseMeta.tsx';
import type { ListedPause } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { gist } from '../ui/Value.tsx';
import { Heading } from '../ui/Heading.tsx';
import { Search, WorkflowSelect, has } from '../ui/inputs.tsx';
import { More } from '../ui/lists.tsx';
import { short } from '../ui/status.tsx';
import { Empty, Pending } from '../ui/wrong.tsx';

interface Page extends Paged {
    pauses: ListedPause[];
}

export function Inbox({ chosen }: { chosen: string[] }) {
    const { query } = route.value;
    const workflow = query.get('workflow') ?? '';
    const path = `api/pauses?limit=200${workflow ? `&workflow=${part(workflow)}` : ''}`;
    const list = useLoad<Page>(path, 3000);
    const older = useOlder(path, list, page => page.pauses, pause => `${pause.run}/${pause.id}`);
    const { all, next } = older;
    const search = useSignal('');
    const nothing = older.pages === 1 && !all.length && !!next;
    // The newest runs may ask nothing, and older ones something all the same.
    useEffect(() => { if (nothing) void older.load(); }, [nothing]);
    const found = all.filter(({ schema: _, ...pause }) => has(JSON.stringify(pause), search.value));
    const [run, id] = chosen;
    const at: ListedPause | null | undefined = all.find(pause => pause.run === run && pause.id === id) ?? (run ? null : undefined);
    const workflows = [...new Set(all.map(pause => pause.workflow))];
    return (
        <div class={run ? 'inbox has-chosen' : 'inbox'}>
            <div class="inbox-list">
                <header class="view-head">{run ? <h2 class="h1">Waiting</h2> : <Heading title="Waiting" />}</header>
                <div class="filter">
                    <Search words={search} hint="Search questions" />
                    {(workflows.length > 1 || workflow) && <WorkflowSelect at={workflow} all={workflows} />}
                </div>
                <Pending of={list} />
                {list.data && !found.length && (all.length ? <Empty title="No question is like that" /> : next ? <Empty title="No question so far" /> : <Empty title="Nothing waits for you"><p>Questions of all runs come here.</p></Empty>)}
                <ul class="questions" aria-label="Open questions">
                    {found.map(pause => (
                            <li key={`${pause.run}/${pause.id}`}>
                                <a href={to(['pauses', pause.run, pause.id], { workflow })} aria-current={pause === at}>
                                    <span class="question-line">{pause.question || pause.name}</span>
                                    <span class="gist">{gist(pause.prompt)}</span>
                                    <PauseMeta pause={pause}><b>{pause.workflow}</b><code>{short(pause.run)}</code></PauseMeta>
                                </a>
                            </li>
                    ))}
                </ul>
                <More of={older} />
            </div>
            <div class="inbox-detail" aria-live="off">
                {at ? (
                    <>
                        <p class="crumbs"><a class="back" href={to(['pauses'], { workflow })}><Icon name="back" /> All questions</a><a href={to(['runs', at.run], { pause: at.id })}>{at.workflow} <code>{short(at.run)}</code></a></p>
                        <Answer key={`${at.run}/${at.id}`} pause={at} id={at.run} asksWho={!me.value.named} path={answerPath(at.run, at.id)} done={() => { older.forget(); list.reload(); }} top />
                    </>
                ) : at === null && list.data ? (
                    <Empty heading title={next ? 'No question so far' : 'This question is not open any more'}><p><a class="button" href={to(['runs', run!])}>See its run</a> <a class="button back" href={to(['pauses'])}>All questions</a></p></Empty>
                ) : found.length > 0 && <Empty title="Choose a question" />}
            </div>
        </div>
    );
}
