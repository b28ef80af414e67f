/** Starting a run: which workflow, with which input. */
import { useMemo } from '../hooks.ts';
import { call, newKey, part } from '../api.ts';
import { GraphView } from '../graph/Graph.tsx';
import { Fields, FlipButton, useForm } from '../form/Form.tsx';
import { isWhole } from '../form/served.ts';
import { useLoad } from '../load.ts';
import { go, route, to } from '../router.ts';
import type { Graph, Json, Run, Schema, Workflow } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { Heading } from '../ui/Heading.tsx';
import { say } from '../ui/say.tsx';
import { short } from '../ui/status.tsx';
import { Empty, Pending } from '../ui/wrong.tsx';

/** What a run can be given besides its input. */
const OPTIONS: Schema = {
    type: 'object',
    properties: {
        session: { type: 'string' },
        user: { type: 'string' },
        key: { type: 'string', description: 'A second start with it gives the same run.' },
        priority: { type: 'integer' },
        deadline_ms: { title: 'Deadline, in minutes', type: 'number' },
        metadata: { title: 'Metadata, JSON', examples: [{ source: 'web' }] },
    },
};

export function Workflows() {
    const list = useLoad<{ workflows: Workflow[] }>('api/workflows');
    const all = list.data?.workflows;
    return (
        <>
            <header class="view-head"><Heading title="Start a run" /></header>
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
    const like = route.value.query.get('like');
    const workflow = useLoad<Workflow>(`api/workflows/${part(id)}`);
    const model = useLoad<Run>(like ? `api/runs/${part(like)}` : null);
    const graph = useLoad<Graph>(`api/workflows/${part(id)}/graph`);
    const found = workflow.data;
    const ready = found && (!like || model.data || model.error);
    const [first, ...rest] = (found?.description ?? '').split('\n');
    return (
        <>
            <header class="run-head">
                <p class="crumbs"><a href={to(['start'])}>Start a run</a></p>
                <Heading title={`Start ${id}`}>{id}</Heading>
                {first && <p>{first}</p>}
                {rest.filter(Boolean).length > 0 && <p class="muted">{rest.join(' ').trim()}</p>}
            </header>
            <Pending of={workflow} />
            {ready && (
                <div class="start">
                    <StartForm workflow={found} model={model.data} />
                    {graph.data?.layout && <aside class="start-graph" aria-label="What it does"><GraphView graph={graph.data} /></aside>}
                </div>
            )}
        </>
    );
}

function StartForm({ workflow, model }: { workflow: Workflow; model: Run | null }) {
    const { id } = workflow;
    const like = `${id} ${model?.run ?? ''}`;
    const form = useForm(workflow.input_schema, 'Input', like, model?.input);
    const session = model && model.session !== model.run ? model.session : null;
    const options = useForm(OPTIONS, 'Options', like, { session, user: model?.user ?? null });
    const key = useMemo(newKey, [id]);
    const start = () => form.send(async () => {
        const read = form.read();
        const { key: named = key, ...chosen } = options.read()?.value as { [name: string]: Json } ?? {};
        if (!read || options.wrong().length) return;
        if (typeof chosen.deadline_ms === 'number') chosen.deadline_ms *= 60_000;
        const send = (more: object) => call<{ run: string }>(`api/workflows/${part(id)}/runs`, { method: 'POST', headers: { 'idempotency-key': String(named) }, ...more });
        let started: { run: string };
        // Files that are objects are sent as parts; the server puts them in their places.
        if (read.files.size && [...read.files.values()].every(isWhole)) {
            const parts = new FormData();
            parts.set('request', JSON.stringify({ ...chosen, input: read.value }));
            for (const [pointer, { file: { value: file } }] of read.files) parts.set(pointer.slice(1), file!, file!.name);
            started = await send({ form: parts });
        } else started = await send({ body: { ...chosen, input: (await form.readWhole())!.value } });
        say('The run has begun.');
        go(['runs', started.run]);
    });
    const submit = (event: Event) => {
        event.preventDefault();
        void start();
    };
    const busy = form.busy.value;
    return (
        <form class="start-form" onSubmit={submit} noValidate aria-label={`Input of ${id}`}>
            {model && <p class="notice">Filled in as in run <a href={to(['runs', model.run])}>{short(model.run)}</a>.</p>}
            <Fields form={form} />
            <details class="options" open={options.wrong().length > 0}>
                <summary>Options</summary>
                <Fields form={options} />
            </details>
            <div class="actions">
                <Button type="submit" class="primary" icon="play" disabled={busy}>{busy ? 'Starting…' : 'Start'}</Button>
                <FlipButton form={form} />
            </div>
        </form>
    );
}
