/** Starting a run: which workflow, with which input. */
import { type Signal, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { call, newKey, part } from '../api.ts';
import { GraphView } from '../graph/Graph.tsx';
import { Fields, FlipButton, useForm } from '../form/Form.tsx';
import { useLoad } from '../load.ts';
import { go, route, to } from '../router.ts';
import type { Graph, Json, JsonObject, Run, Workflow } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { useTitle } from '../ui/page.tsx';
import { Empty, Line, Pending, say, short } from '../ui/ui.tsx';

/** Files up to this size go inside the input, in bytes. */
const SMALL = 64_000;

export function Workflows() {
    useTitle('Start a run');
    const list = useLoad<{ workflows: Workflow[] }>('api/workflows');
    const all = list.data.value?.workflows;
    return (
        <>
            <header class="view-head"><h1 tabIndex={-1}>Start a run</h1></header>
            <Pending of={list} />
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
            <Pending of={workflow} />
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
    const session = useSignal(model && model.session !== model.run ? model.session ?? '' : '');
    const user = useSignal(model?.user ?? '');
    const [named, priority, deadline, metadata] = [useSignal(''), useSignal(''), useSignal(''), useSignal('')];
    const wrong = useSignal('');
    const submit = async (event: Event) => {
        event.preventDefault();
        wrong.value = '';
        const read = form.read();
        if (!read) return;
        const body: JsonObject = { input: read.value };
        const given = (text: Signal<string>, name: string, as: (text: string) => Json) => {
            if (text.value.trim()) body[name] = as(text.value.trim());
        };
        const number = (by: number) => (text: string) => {
            if (Number.isNaN(Number(text))) throw new Error('Priority and deadline are numbers.');
            return Number(text) * by;
        };
        try {
            given(session, 'session', String);
            given(user, 'user', String);
            given(priority, 'priority', number(1));
            given(deadline, 'deadline_ms', number(60_000));
            given(metadata, 'metadata', JSON.parse);
        } catch (error) {
            wrong.value = error instanceof SyntaxError ? `The metadata are not JSON: ${error.message}` : (error as Error).message;
            return;
        }
        form.busy.value = true;
        try {
            const path = `api/workflows/${part(workflow.id)}/runs`;
            const headers = { 'idempotency-key': named.value.trim() || key };
            const total = [...read.files.values()].reduce((sum, file) => sum + file.size, 0);
            let started: { run: string };
            if (form.hasFileObjects(read.files) && total > SMALL) {
                const parts = new FormData();
                parts.set('request', JSON.stringify(body));
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
    return (
        <form class="start-form" onSubmit={submit} noValidate aria-label={`Input of ${workflow.id}`}>
            {model && <p class="notice">Filled in as in run <a href={to(['runs', model.run])}>{short(model.run)}</a>.</p>}
            <Fields form={form} label="Input" />
            <details class="options">
                <summary>Options</summary>
                <div class="two">
                    <Line id="o-session" label="Session" text={session} />
                    <Line id="o-user" label="User" text={user} />
                    <Line id="o-key" label="Key" hint="a second start with it gives the same run" text={named} />
                    <Line id="o-priority" label="Priority" class="number" inputMode="numeric" text={priority} />
                    <Line id="o-deadline" label="Deadline, in minutes" class="number" inputMode="decimal" text={deadline} />
                    <Line id="o-metadata" label="Metadata, JSON" class="code" placeholder='{"source": "web"}' text={metadata} />
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

