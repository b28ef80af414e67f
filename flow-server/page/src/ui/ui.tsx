/** Small parts that are needed everywhere. */
import { type Signal, signal } from '../signals.ts';
import type { ComponentChildren, ComponentProps } from 'preact';
import { wordsOf } from '../api.ts';
import { humane } from '../json.ts';
import type { Loaded } from '../load.ts';
import { requery } from '../router.ts';
import { ago, exact, now, span } from '../time.ts';
import type { RunLine } from '../types.ts';
import { Button } from './Button.tsx';
import { Heading } from './Heading.tsx';
import { Icon } from './Icon.tsx';
import { walk } from './walk.ts';

export const ENDED: readonly string[] = ['completed', 'failed', 'cancelled'];

/** A state in words. */
export const wordOf = (status: string): string => (status === 'paused' ? 'Waiting' : humane(status));

export function Dot() {
    return <span class="dot" aria-hidden="true" />;
}

export function StatusPill({ status }: { status: string }) {
    return <span class={`pill is-${status}`}><Dot />{wordOf(status)}</span>;
}

/** A moment: relative, with the exact one in the tooltip. */
export function Ago({ time }: { time: number }) {
    return <time dateTime={new Date(time).toISOString()} title={exact(time)}>{ago(time, now.value)}</time>;
}

/** How long a run took, or has taken so far. */
export function Took({ run: { status, created_at, updated_at } }: { run: RunLine }) {
    return <span title={`${exact(created_at)} –`}>{span((ENDED.includes(status) ? updated_at : now.value) - created_at)}</span>;
}

/** The part of an id that people read. */
export const short = (id: string): string => (/^[0-9a-f-]{30,}$/.test(id) ? id.slice(-8) : id);

/** What is said to those who do not see that something has happened, and for a while to all others. */
const said = signal<{ words: string; bad: boolean } | null>(null);
let unsay: ReturnType<typeof setTimeout>;

export function say(words: string, bad = false): void {
    said.value = { words, bad };
    clearTimeout(unsay);
    unsay = setTimeout(() => { said.value = null; }, bad ? 10_000 : 4000);
}

export function Said() {
    const now = said.value;
    return <div class="said" role="status" aria-live="polite">{now && <p class={now.bad ? 'toast is-wrong' : 'toast'}>{now.words}</p>}</div>;
}

export function Copy({ text, what }: { text: string; what: string }) {
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            // Pages that do not come by https or from this machine may not.
            const area = document.body.appendChild(Object.assign(document.createElement('textarea'), { value: text }));
            area.select();
            document.execCommand('copy');
            area.remove();
        }
        say(`Copied ${what}.`);
    };
    return <Button label={`Copy ${what}`} icon="copy" onClick={copy} />;
}

/** Nothing yet: it is on its way, or something went wrong. */
export function Pending({ of }: { of: Loaded<unknown> }) {
    if (of.data) return null;
    return of.error === null ? <Loading /> : <Problem error={of.error} retry={of.reload} />;
}

/** A field to search with. */
export function Search({ words, hint }: { words: Signal<string>; hint: string }) {
    return <label class="search"><Icon name="search" /><span class="hidden">{hint}</span><input type="search" placeholder={hint} value={words.value} onInput={event => { words.value = event.currentTarget.value; }} /></label>;
}

/** Of which workflow something is shown, in the query of the place. */
export function WorkflowSelect({ at, all }: { at: string; all: string[] }) {
    const names = at && !all.includes(at) ? [...all, at] : all;
    return (
        <select aria-label="Workflow" value={at} onChange={event => requery({ workflow: event.currentTarget.value })}>
            <option value="">All workflows</option>
            {names.map(name => <option value={name}>{name}</option>)}
        </select>
    );
}

/** Whether all words are in a text. */
export function has(text: string, words: string): boolean {
    text = text.toLowerCase();
    return words.toLowerCase().split(/\s+/).every(word => text.includes(word));
}

/** Rows of what is looked for, each a link. */
export function Table({ name, columns, label, children }: { name: string; columns: string[]; label: string; children: ComponentChildren }) {
    return (
        <table class={`table ${name}`} onKeyDown={event => walk(event, 'Down', 'Up')}>
            <caption class="hidden">{label}</caption>
            <thead><tr>{columns.map(column => <th scope="col">{column}</th>)}</tr></thead>
            <tbody>{children}</tbody>
        </table>
    );
}

type Line = ComponentProps<'input'> & { id: string; label: string; hint?: string; text: Signal<string>; lines?: boolean; class?: string };

/** A text with its label. */
export function Line({ label, hint, text, lines, ...more }: Line) {
    const Tag = (lines ? 'textarea' : 'input') as 'input';
    return (
        <div class={lines ? 'field grow' : 'field'}>
            <label for={more.id}>{label}{hint && <span class="optional"> {hint}</span>}</label>
            <Tag {...more} value={text.value} onInput={(event: Event) => { text.value = (event.currentTarget as HTMLInputElement).value; }} />
        </div>
    );
}

/** What is wrong. */
export function Wrong({ words, children }: { words: string[]; children?: ComponentChildren }) {
    return words.length ? <div class="notice is-wrong" role="alert">{words.map(one => <p>{one}</p>)}{children}</div> : null;
}

export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
    return <Wrong words={[wordsOf(error)]}>{retry && <Button onClick={retry}>Try again</Button>}</Wrong>;
}

/** An error that stops nothing. */
export const sayError = (error: unknown): void => say(wordsOf(error), true);

export function Empty({ title, heading, children }: { title: string; heading?: boolean; children?: ComponentChildren }) {
    return <div class="empty">{heading ? <Heading title={title} class="empty-title" /> : <p class="empty-title">{title}</p>}{children}</div>;
}

export function Loading() {
    return <div class="loading" role="status">Loading…</div>;
}

/** One of the facts about something, in a list of them. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
    return <div><dt>{name}</dt><dd>{children}</dd></div>;
}

/** Parts of a page behind each other, one of them in sight. */
export function Tabs({ tabs, at, set, label }: { tabs: [id: string, name: ComponentChildren][]; at: string; set: (id: string) => void; label: string }) {
    return (
        <div class="tabs" role="tablist" aria-label={label} onKeyDown={event => walk(event, 'Right', 'Left')?.click()}>
            {tabs.map(([id, name]) => <Button role="tab" id={`tab-${id}`} aria-selected={id === at} aria-controls={`panel-${id}`} tabIndex={id === at ? 0 : -1} onClick={() => set(id)}>{name}</Button>)}
        </div>
    );
}

/** Buttons of which one is pressed: what is shown of something. */
export function Chips({ label, chips, at, set }: { label: string; chips: [id: string, name: ComponentChildren][]; at: string; set: (id: string) => void }) {
    return (
        <div class="chips" role="group" aria-label={label}>
            {chips.map(([id, name]) => <Button class={`chip is-${id}`} aria-pressed={id === at} onClick={() => set(id)}>{name}</Button>)}
        </div>
    );
}
