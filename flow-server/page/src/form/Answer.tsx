/** A question, what it is about, and the form that answers it. */
import { useSignal } from '../signals.ts';
import { useMemo } from '../hooks.ts';
import { ApiError, call, newKey, part, wordsOf } from '../api.ts';
import { isObject } from '../json.ts';
import { me } from '../me.ts';
import { ago, now } from '../time.ts';
import type { Json, Pause } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { Heading } from '../ui/Heading.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Titled, Value, gist } from '../ui/Value.tsx';
import { Line } from '../ui/inputs.tsx';
import { say } from '../ui/say.tsx';
import { Wrong } from '../ui/wrong.tsx';
import { Fields, FlipButton, useForm } from './Form.tsx';
import { PauseMeta, answerers } from './PauseMeta.tsx';
import type { Field } from './field.ts';
import type { Option, Shape } from './shape.ts';

/** Where an answer to a question of a run goes. */
export const answerPath = (run: string, pause: string): string => `api/runs/${part(run)}/pauses/${part(pause)}/answer`;

interface Given {
    answer: Json;
    comment?: string;
    by?: string;
}

interface Props {
    pause: Pause;
    /** Where it is asked, for forms of several. */
    id: string;
    /** Where the answer goes. */
    path: string;
    /** Whether it asks who answers; otherwise the server knows. */
    asksWho: boolean;
    /** Called after it is answered, or somebody else has answered. */
    done: (given: boolean) => void;
    /** Whether it is all there is in the view. */
    top?: boolean;
}

const NAME = 'flow-name';

/** An edit begins with what is to be edited. */
const prefilled = (prompt: Json) => (field: Field) => {
    const { shape } = field;
    if (shape.kind !== 'variants' || !isObject(prompt) || prompt.value === undefined) return;
    const edit = shape.options.findIndex(variant => variant.tag === 'Edit');
    if (edit >= 0) field.prepare(edit, prompt.value);
};

/** Buttons for a question with few answers and nothing to fill in. */
function quickOf(shape: Shape): Option[] | null {
    return (shape.kind === 'boolean' || shape.kind === 'choice') && shape.options.length <= 3 ? shape.options : null;
}

/** What the server says if somebody else has settled the question, or time has. */
function settledBy(error: unknown): string {
    if (!(error instanceof ApiError) || !['already_answered', 'not_waiting', 'expired'].includes(error.code)) return '';
    const { by, at, answer } = error.more;
    if (error.code !== 'already_answered') return wordsOf(error);
    return `${by ?? 'Somebody'} has answered before you${typeof at === 'number' ? `, ${ago(at, now.value)}` : ''}${answer === undefined ? '' : `: ${typeof answer === 'string' ? answer : JSON.stringify(answer)}`}.`;
}

export function Answer({ pause, id, path, asksWho, done, top }: Props) {
    const form = useForm(pause.schema, 'Your answer', `${id} ${pause.id}`, undefined, prefilled(pause.prompt));
    const comment = useSignal('');
    const commenting = useSignal(false);
    const name = useSignal(asksWho ? localStorage.getItem(NAME) ?? '' : '');
    const settled = useSignal('');
    const key = useMemo(newKey, [id, pause.id]);
    const quick = form.raw.value ? null : quickOf(form.shape);
    const heading = `ask-${id}-${pause.id}`;
    const busy = form.busy.value;
    const who = answerers(pause);
    const question = pause.question || pause.name;
    const titled = { id: heading, class: 'question', children: [<Icon name="person" />, <span>{question}</span>] };

    const give = (value?: Json) => form.send(async () => {
        const answer = value ?? (await form.readWhole())?.value;
        if (answer === undefined) return;
        const given: Given = { answer };
        if (comment.value.trim()) given.comment = comment.value.trim();
        if (asksWho) {
            localStorage.setItem(NAME, name.value.trim());
            if (name.value.trim()) given.by = name.value.trim();
        }
        try {
            await call(path, { method: 'POST', body: given, headers: { 'idempotency-key': key } });
            say('Your answer is given.');
        } catch (error) {
            settled.value = settledBy(error);
            if (!settled.value) throw error;
        }
        done(!settled.value);
    });
    const submit = (event: Event) => {
        event.preventDefault();
        if (!quick) void give();
    };
    const beginComment = () => {
        commenting.value = true;
        queueMicrotask(() => document.getElementById(`${heading}-comment`)?.focus());
    };

    return (
        <section class="ask" aria-labelledby={heading}>
            {top ? <Heading title={question} {...titled} /> : <h2 {...titled} />}
            <PauseMeta pause={pause} who={who}><code>{pause.id}</code></PauseMeta>
            <Prompt prompt={pause.prompt} />
            {settled.value ? <div class="notice" role="alert"><p>{settled.value}</p></div> : !me.value.can('answer') ? <p class="notice">You may see this question, but not answer it.</p> : (
                <form onSubmit={submit} noValidate>
                    {quick ? <Wrong words={form.rest.value} /> : <Fields form={form} />}
                    {(commenting.value || asksWho) && (
                        <div class="beside">
                            {asksWho && <Line id={`${heading}-by`} label="Your name" hint={who ? 'needed to know who may answer' : 'optional'} autocomplete="username" text={name} />}
                            {commenting.value && <Line lines id={`${heading}-comment`} label="Comment" hint="kept with the answer" text={comment} />}
                        </div>
                    )}
                    <div class="actions">
                        {quick ? quick.map((option, index) => <Button class={index ? '' : 'primary'} disabled={busy} title={option.doc} onClick={() => give(option.value)}>{option.label}</Button>)
                            : <Button type="submit" class="primary" icon="check" disabled={busy}>Answer</Button>}
                        {!commenting.value && <Button class="quiet" icon="edit" onClick={beginComment}>Add a comment</Button>}
                        {!quick && <FlipButton form={form} />}
                    </div>
                    {quick?.some(option => option.doc && option.doc !== `${option.label}.`) && <dl class="legend">{quick.map(option => <div><dt>{option.label}</dt><dd>{option.doc}</dd></div>)}</dl>}
                </form>
            )}
        </section>
    );
}

function Prompt({ prompt }: { prompt: Json }) {
    const entries = isObject(prompt) ? Object.entries(prompt) : [['value', prompt] as const];
    if (prompt === null || !entries.length) return null;
    const [[name, value]] = entries as [[string, Json]];
    const only = entries.length === 1;
    const small = entries.every(([, one]) => typeof one !== 'object' || one === null) && (only || gist(prompt).length < 120);
    const shown = only ? value : prompt;
    return <div class="prompt">{small ? <Value value={shown} /> : <Titled title={only && name !== 'value' ? name : 'What it is about'} value={shown} />}</div>;
}
