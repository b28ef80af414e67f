/** Fields outside of forms. */
import type { ComponentProps } from 'preact';
import { requery } from '../router.ts';
import type { Signal } from '../signals.ts';
import { Icon } from './Icon.tsx';

/** A field to search with. */
export function Search({ words, hint }: { words: Signal<string>; hint: string }) {
    return <label class="search"><Icon name="search" /><span class="hidden">{hint}</span><input type="search" placeholder={hint} value={words.value} onInput={event => { words.value = event.currentTarget.value; }} /></label>;
}

/** Whether all words are in a text. */
export function has(text: string, words: string): boolean {
    text = text.toLowerCase();
    return words.toLowerCase().split(/\s+/).every(word => text.includes(word));
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
