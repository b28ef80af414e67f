/** A question, what it is about, and the form that answers it. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { ApiError, newKey, wordsOf } from '../api.ts';
import { me } from '../me.ts';
import { exact, now, ago } from '../time.ts';
import type { Json, Pause } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { Titled, Value, summary } from '../ui/Value.tsx';
import { Ago, Line, say } from '../ui/ui.tsx';
import { Fields, FlipButton, useForm } from './Form.tsx';
import { type Draft, fill, isObject } from './draft.ts';
import type { Shape } from './shape.ts';

export interface Given {
    answer: Json;
    comment?: string;
    by?: string;
}

interface Props {
    pause: Pause;
    /** Where it is asked, for forms of several. */
    id: string;
    send: (given: Given, key: string) => Promise<void>;
    /** Whether it asks who answers; otherwise the server knows. */
    asksWho: boolean;
    /** Called after it is answered, or somebody else has answered. */
    done: () => void;
    level?: 'h1' | 'h2';
}

const NAME = 'flow-name';

/** An edit begins with what is to be edited. */
function prefilled(prompt: Json): (shape: Shape, draft: Draft) => Draft {
    return (shape, draft) => {
        if (shape.kind !== 'variants' || draft.kind !== 'variants' || !isObject(prompt) || prompt.value === undefined) return draft;
        const drafts = draft.drafts.map((one, index) => {
            const variant = shape.variants[index]!;
            return variant.tag === 'Edit' ? fill(variant.shape, prompt.value) : one;
        });
        return { ...draft, drafts };
    };
}

/** Buttons for a question with few answers and nothing to fill in. */
function quickOf(shape: Shape): { label: string; doc: string; value: Json }[] | null {
    if (shape.kind === 'boolean') return [{ label: 'Yes', doc: '', value: true }, { label: 'No', doc: '', value: false }];
    return shape.kind === 'choice' && shape.options.length <= 3 ? shape.options : null;
}

export function Answer({ pause, id, send, asksWho, done, level = 'h2' }: Props) {
    const form = useForm(pause.schema, `${id} ${pause.id}`, undefined, prefilled(pause.prompt));
    const comment = useSignal('');
    const commenting = useSignal(false);
    const name = useSignal(asksWho ? localStorage.getItem(NAME) ?? '' : '');
    const settled = useSignal('');
    const key = useMemo(newKey, [id, pause.id]);
    const Title = level;
    const quick = form.text.value === null ? quickOf(form.shape) : null;
    const heading = `ask-${id}-${pause.id}`;
    const { allowed } = pause;
    const who = [...(allowed?.users ?? []), ...(allowed?.roles ?? []).map(role => `anyone with the role ${role}`)].join(', ');

    const give = async (value: Json | undefined) => {
        let answer = value;
        form.busy.value = true;
        try {
            if (answer === undefined) {
                const read = await form.readWhole();
                if (!read) return;
                answer = read.value;
            }
            const given: Given = { answer };
            if (comment.value.trim()) given.comment = comment.value.trim();
            if (asksWho && name.value.trim()) given.by = name.value.trim();
            if (asksWho) localStorage.setItem(NAME, name.value.trim());
            await send(given, key);
            say('Your answer is given.');
            done();
        } catch (error) {
            if (error instanceof ApiError && ['already_answered', 'not_waiting', 'expired'].includes(error.code)) {
                const { by, at, answer: theirs } = error.more;
                settled.value = error.code !== 'already_answered' ? wordsOf(error)
                    : `${by ? String(by) : 'Somebody'} has answered before you${typeof at === 'number' ? `, ${ago(at, now.value)}` : ''}${theirs === undefined ? '' : `: ${typeof theirs === 'string' ? theirs : JSON.stringify(theirs)}`}.`;
                done();
            } else form.refuse(error);
        } finally {
            form.busy.value = false;
        }
    };
    const submit = (event: Event) => {
        event.preventDefault();
        if (!quick) void give(undefined);
    };

    return (
        <section class="ask" aria-labelledby={heading}>
            <Title id={heading} class="question" tabIndex={-1}><Icon name="person" /> <span>{pause.question || pause.name}</span></Title>
            <p class="muted small meta">
                <code>{pause.id}</code>
                <span>asked <Ago time={pause.asked_at} /></span>
                {pause.deadline !== null && pause.deadline !== undefined && <span class={pause.deadline - now.value < 3_600_000 ? 'urgent' : ''} title={exact(pause.deadline)}>answer <Ago time={pause.deadline} /></span>}
                {who && <span>for {who}</span>}
                {allowed?.except?.length ? <span>not {allowed.except.join(', ')}</span> : null}
                {pause.asked_before ? <span>asked {pause.asked_before === 1 ? 'once' : `${pause.asked_before} times`} before</span> : null}
                {pause.reminded ? <span>{pause.reminded === 1 ? 'one reminder' : `${pause.reminded} reminders`}</span> : null}
            </p>
            <Prompt prompt={pause.prompt} />
            {settled.value ? <div class="notice" role="alert"><p>{settled.value}</p></div> : !me.value.can('answer') ? <p class="notice">You may see this question, but not answer it.</p> : (
                <form onSubmit={submit} noValidate>
                    {!quick && <Fields form={form} label="Your answer" />}
                    {quick && form.rest.value.length > 0 && <div class="notice is-wrong" role="alert">{form.rest.value.map(words => <p key={words}>{words}</p>)}</div>}
                    {(commenting.value || asksWho) && (
                        <div class="beside">
                            {asksWho && <Line id={`${heading}-by`} label="Your name" hint={who || allowed?.except?.length ? 'needed to know who may answer' : 'optional'} autocomplete="username" text={name} />}
                            {commenting.value && <Line lines id={`${heading}-comment`} label="Comment" hint="kept with the answer" text={comment} />}
                        </div>
                    )}
                    <div class="actions">
                        {quick ? quick.map((option, index) => <button key={index} type="button" class={index ? '' : 'primary'} disabled={form.busy.value} title={option.doc} onClick={() => void give(option.value)}>{option.label}</button>)
                            : <button class="primary" disabled={form.busy.value}><Icon name="check" /> Answer</button>}
                        {!commenting.value && <button type="button" class="quiet" onClick={() => { commenting.value = true; requestAnimationFrame(() => document.getElementById(`${heading}-comment`)?.focus()); }}><Icon name="edit" /> Add a comment</button>}
                        {!quick && <FlipButton form={form} />}
                    </div>
                    {quick?.some(option => option.doc && option.doc !== `${option.label}.`) && <dl class="legend">{quick.map(option => <div key={option.label}><dt>{option.label}</dt><dd>{option.doc}</dd></div>)}</dl>}
                </form>
            )}
        </section>
    );
}

function Prompt({ prompt }: { prompt: Json }) {
    if (prompt === null || (isObject(prompt) && !Object.keys(prompt).length)) return null;
    const entries = isObject(prompt) ? Object.entries(prompt) : [];
    const only = entries.length === 1 ? entries[0]! : null;
    if (only && (typeof only[1] !== 'object' || only[1] === null)) return <div class="prompt"><Value value={only[1]} /></div>;
    const small = summary(prompt).length < 120 && entries.every(([, value]) => typeof value !== 'object');
    if (small) return <div class="prompt"><Value value={prompt} /></div>;
    return <div class="prompt"><Titled title={only && only[0] !== 'value' ? only[0] : 'What it is about'} value={only ? only[1] : prompt} /></div>;
}
