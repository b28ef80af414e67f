/** Starting a run: which workflow, with which input. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { call, newKey, part } from '../api.ts';
import { GraphView } from '../graph/Graph.tsx';
import { Fields, FlipButton, useForm } from '../form/Form.tsx';
import { useLoad } from '../load.ts';
import { go, route, to } from '../router.ts';
import type { Graph, Json, JsonObject, Run, Workflow } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { useTitle } from '../ui/page.tsx';
import { Empty, Loading, Problem, say, short } from '../ui/ui.tsx';

/** Files up to this size go inside the input, in bytes. */
const SMALL = 64_000;

export function Workflows() {
    useTitle('Start a run');
    const list = useLoad<{ workflows: Workflow[] }>('api/workflows');
    const all = list.data.value?.workflows;
    return (
        <>
            <header class="view-head"><h1 tabIndex={-1}>Start a run</h1></header>
            {list.error.value !== null && <Problem error={list.error.value} retry={list.reload} />}
            {!all && list.error.value === null && <Loading />}
            {all?.length === 0 && <Empty title="This program has no workflows"><p><code>.register::&lt;…&gt;(deps)</code> adds one.</p></Empty>}
            <ul class="workflows">
                {all?.map(one => {
                    const [first, ...rest] = (one.description ?? '').split('\n');
                    return (
                        <li key={one.id}>
                            <a href={to(['start', one.id])}><h2>{one.id}</h2><p>{first}</p>{rest.length > 0 && <p class="muted small">{rest.join(' ')}</p>}</a>
                            <p class="muted small"><a href={to(['runs'], { workflow: one.id })}>Its runs</a>{one.pauses?.length ? <> · may ask {one.pauses.map(pause => (typeof pause === 'string' ? pause : pause.name)).join(', ')}</> : null}</p>
                        </li>
                    );
                })}
            </ul>
        </>
    );
}

export function Start({ id }: { id: string }) {
    useTitle(`Start ${id}`);
    const like = route.value.query.get('like');
    const workflow = useLoad<Workflow>(`api/workflows/${part(id)}`);
    const model = useLoad<Run>(like ? `api/runs/${part(like)}` : null);
    const graph = useLoad<Graph>(`api/workflows/${part(id)}/graph`);
    const found = workflow.data.value;
    const ready = found && (!like || model.data.value || model.error.value);
    const [first, ...rest] = (found?.description ?? '').split('\n');
    return (
        <>
            <header class="view-head is-stacked">
                <p class="crumbs"><a href={to(['start'])}>Start a run</a></p>
                <h1 tabIndex={-1}>{id}</h1>
                {first && <p class="lead">{first}</p>}
                {rest.filter(Boolean).length > 0 && <p class="muted">{rest.join(' ').trim()}</p>}
            </header>
            {workflow.error.value !== null && <Problem error={workflow.error.value} retry={workflow.reload} />}
            {!ready && workflow.error.value === null && <Loading />}
            {ready && (
                <div class="start">
                    <StartForm workflow={found} model={model.data.value} />
                    {graph.data.value?.layout && <aside class="start-graph" aria-label="What it does"><GraphView graph={graph.data.value} /></aside>}
                </div>
            )}
        </>
    );
}

function StartForm({ workflow, model }: { workflow: Workflow; model: Run | null }) {
    const form = useForm(workflow.input_schema, `${workflow.id} ${model?.run ?? ''}`, model?.input);
    const key = useMemo(newKey, [workflow.id]);
    const options = useSignal({ session: model && model.session !== model.run ? model.session ?? '' : '', user: model?.user ?? '', key: '', priority: '', deadline: '', metadata: '' });
    const set = (name: keyof typeof options.value) => (event: Event) => { options.value = { ...options.value, [name]: (event.currentTarget as HTMLInputElement).value }; };
    const wrong = useSignal('');
    const submit = async (event: Event) => {
        event.preventDefault();
        wrong.value = '';
        const read = form.read();
        if (!read) return;
        const { session, user, priority, deadline, metadata } = options.value;
        const body: JsonObject = { input: read.value };
        if (session.trim()) body.session = session.trim();
        if (user.trim()) body.user = user.trim();
        if (priority.trim()) body.priority = Number(priority);
        if (deadline.trim()) body.deadline_ms = Number(deadline) * 60_000;
        if (metadata.trim()) {
            try {
                body.metadata = JSON.parse(metadata) as Json;
            } catch {
                wrong.value = 'The metadata are not JSON.';
                return;
            }
        }
        if ([body.priority, body.deadline_ms].some(number => number !== undefined && !Number.isFinite(number))) {
            wrong.value = 'Priority and deadline are numbers.';
            return;
        }
        form.busy.value = true;
        try {
            const path = `api/workflows/${part(workflow.id)}/runs`;
            const headers = { 'idempotency-key': options.value.key.trim() || key };
            const total = [...read.files.values()].reduce((sum, file) => sum + file.size, 0);
            let started: { run: string };
            if (form.hasFileObjects(read.files) && total > SMALL) {
                const parts = new FormData();
                parts.set('request', new Blob([JSON.stringify(body)], { type: 'application/json' }), 'request.json');
                for (const [pointer, file] of read.files) parts.set(pointer.slice(1), file, file.name);
                started = await call(path, { method: 'POST', form: parts, headers });
            } else {
                const whole = read.files.size ? await form.readWhole() : read;
                started = await call(path, { method: 'POST', body: { ...body, input: whole!.value }, headers });
            }
            say('The run has begun.');
            go(['runs', started.run]);
        } catch (error) {
            form.refuse(error);
        }
        form.busy.value = false;
    };
    const value = options.value;
    return (
        <form class="start-form" onSubmit={submit} noValidate aria-label={`Input of ${workflow.id}`}>
            {model && <p class="notice">Filled in as in run <a href={to(['runs', model.run])}>{short(model.run)}</a>.</p>}
            <Fields form={form} label="Input" />
            <details class="options">
                <summary>Options</summary>
                <div class="two">
                    <div class="field"><label for="o-session">Session</label><input id="o-session" value={value.session} onInput={set('session')} /></div>
                    <div class="field"><label for="o-user">User</label><input id="o-user" value={value.user} onInput={set('user')} /></div>
                    <div class="field"><label for="o-key">Key</label><input id="o-key" value={value.key} onInput={set('key')} aria-describedby="o-key-doc" /><p class="field-doc" id="o-key-doc">A second start with it gives the same run.</p></div>
                    <div class="field"><label for="o-priority">Priority</label><input id="o-priority" class="number" inputMode="numeric" value={value.priority} onInput={set('priority')} /></div>
                    <div class="field"><label for="o-deadline">Deadline, in minutes</label><input id="o-deadline" class="number" inputMode="decimal" value={value.deadline} onInput={set('deadline')} /></div>
                    <div class="field"><label for="o-metadata">Metadata, JSON</label><input id="o-metadata" class="code" placeholder='{"source": "web"}' value={value.metadata} onInput={set('metadata')} /></div>
                </div>
            </details>
            {wrong.value && <div class="notice is-wrong" role="alert"><p>{wrong.value}</p></div>}
            <div class="actions">
                <button class="primary" disabled={form.busy.value}><Icon name="play" /> {form.busy.value ? 'Starting…' : 'Start'}</button>
                <FlipButton form={form} />
            </div>
        </form>
    );
}

