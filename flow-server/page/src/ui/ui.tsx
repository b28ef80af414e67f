/** Small parts that are needed everywhere. */
import { type Signal, signal, useComputed, useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { wordsOf } from '../api.ts';
import type { Loaded } from '../load.ts';
import { ago, exact, now, span } from '../time.ts';
import type { Status } from '../types.ts';
import { Icon } from './Icon.tsx';

const STATUS: Record<string, string> = { running: 'Running', paused: 'Waiting', undoing: 'Undoing', completed: 'Completed', failed: 'Failed', cancelled: 'Cancelled', open: 'Open', answered: 'Answered', timed_out: 'Timed out', withdrawn: 'Withdrawn' };

export const ENDED: readonly string[] = ['completed', 'failed', 'cancelled'];

/** A state in words. */
export const wordOf = (status: string): string => STATUS[status] ?? status;

export function StatusPill({ status }: { status: Status | string }) {
    return <span class={`pill is-${status}`}><span class="dot" aria-hidden="true" />{wordOf(status)}</span>;
}

/** A moment: relative, with the exact one in the tooltip. */
export function Ago({ time }: { time: number }) {
    const words = useComputed(() => ago(time, now.value));
    return <time dateTime={new Date(time).toISOString()} title={exact(time)}>{words.value}</time>;
}

/** How long it took, or has taken so far. */
export function Took({ from, until }: { from: number; until: number | null }) {
    const words = useComputed(() => span((until ?? now.value) - from));
    return <span title={`${exact(from)} –`}>{words.value}</span>;
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
    const done = useSignal(false);
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
        done.value = true;
        say(`Copied ${what}.`);
        setTimeout(() => { done.value = false; }, 1500);
    };
    return <button type="button" class="icon-button copy" aria-label={`Copy ${what}`} title={`Copy ${what}`} onClick={copy}><Icon name={done.value ? 'check' : 'copy'} /></button>;
}

/** Nothing yet: it is on its way, or something went wrong. */
export function Pending({ of }: { of: Loaded<unknown> }) {
    if (of.data.value) return null;
    return of.error.value === null ? <Loading /> : <Problem error={of.error.value} retry={of.reload} />;
}

/** A field to search with. */
export function Search({ words, hint }: { words: Signal<string>; hint: string }) {
    return <label class="search"><Icon name="search" /><span class="hidden">{hint}</span><input type="search" placeholder={hint} value={words.value} onInput={event => { words.value = event.currentTarget.value; }} /></label>;
}

/** Whether all words are in a text. */
export function has(text: string, words: string): boolean {
    text = text.toLowerCase();
    return words.toLowerCase().split(/\s+/).every(word => text.includes(word));
}

type Line = JSX.IntrinsicElements['input'] & { id: string; label: string; hint?: string; text: Signal<string>; lines?: boolean; class?: string };

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

export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
    return <div class="notice is-wrong" role="alert"><p>{wordsOf(error)}</p>{retry && <button type="button" onClick={retry}>Try again</button>}</div>;
}

export function Empty({ title, heading, children }: { title: string; heading?: boolean; children?: ComponentChildren }) {
    return <div class="empty">{heading ? <h1 class="empty-title" tabIndex={-1}>{title}</h1> : <p class="empty-title">{title}</p>}{children}</div>;
}

export function Loading() {
    return <div class="loading" role="status" aria-label="Loading"><span /><span /><span /></div>;
}

/** A window over the page. Esc closes it, and the focus goes back to where it was. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        const before = document.activeElement as HTMLElement | null;
        dialog.current?.showModal();
        return () => before?.focus?.();
    }, []);
    return (
        <dialog ref={dialog} aria-labelledby="dialog-title" onClose={close} onClick={event => event.target === dialog.current && close()}>
            <div class="dialog">
                <header><h2 id="dialog-title">{title}</h2><button type="button" class="icon-button" aria-label="Close" onClick={close}><Icon name="cross" /></button></header>
                {children}
            </div>
        </dialog>
    );
}

/** A question before something that cannot be taken back. */
export function Confirm({ title, children, verb, act, close }: { title: string; children: ComponentChildren; verb: string; act: () => Promise<void>; close: () => void }) {
    const busy = useSignal(false);
    const error = useSignal<unknown>(null);
    const go = async () => {
        busy.value = true;
        try {
            await act();
            close();
        } catch (wrong) {
            error.value = wrong;
        }
        busy.value = false;
    };
    return (
        <Dialog title={title} close={close}>
            <div class="dialog-body">{children}{error.value !== null && <Problem error={error.value} />}</div>
            <footer><button type="button" autoFocus onClick={close}>Leave it</button><button type="button" class="danger" disabled={busy.value} onClick={go}>{verb}</button></footer>
        </Dialog>
    );
}

/** Parts of a page behind each other, one of them in sight. */
export function Tabs({ tabs, at, set, label }: { tabs: [id: string, name: ComponentChildren][]; at: string; set: (id: string) => void; label: string }) {
    const list = useRef<HTMLDivElement>(null);
    const move = (event: KeyboardEvent) => {
        const index = tabs.findIndex(([id]) => id === at);
        const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        const next = tabs[(to + tabs.length) % tabs.length]!;
        set(next[0]);
        requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[aria-selected=true]')?.focus());
    };
    return (
        <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
            {tabs.map(([id, name]) => <button key={id} type="button" role="tab" id={`tab-${id}`} aria-selected={id === at} aria-controls={`panel-${id}`} tabIndex={id === at ? 0 : -1} onClick={() => set(id)}>{name}</button>)}
        </div>
    );
}
