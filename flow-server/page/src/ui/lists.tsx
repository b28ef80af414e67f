/** Rows, facts, tabs and chips. */
import type { ComponentChildren } from 'preact';
import { Button } from './Button.tsx';
import { walk } from './walk.ts';

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

/** One of the facts about something, in a list of them. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
    return <div><dt>{name}</dt><dd>{children}</dd></div>;
}

/** The button that goes on with a list. */
export function More({ of: { next, load, loads }, children = 'Show more' }: { of: { next: unknown; load: () => void; loads: boolean }; children?: string }) {
    return next ? <p class="more"><Button disabled={loads} onClick={load}>{loads ? 'Loading…' : children}</Button></p> : null;
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
