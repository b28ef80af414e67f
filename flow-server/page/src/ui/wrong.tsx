/** What is there instead of what is wanted: nothing yet, nothing at all, or an error. */
import type { ComponentChildren } from 'preact';
import { wordsOf } from '../api.ts';
import type { Loaded } from '../load.ts';
import { Button } from './Button.tsx';
import { Heading } from './Heading.tsx';

/** Nothing yet: it is on its way, or something went wrong. */
export function Pending({ of }: { of: Loaded<unknown> }) {
    if (of.data) return null;
    return of.error === null ? <Loading /> : <Problem error={of.error} retry={of.reload} />;
}

/** What is wrong. */
export function Wrong({ words, children }: { words: string[]; children?: ComponentChildren }) {
    return words.length ? <div class="notice is-wrong" role="alert">{words.map(one => <p>{one}</p>)}{children}</div> : null;
}

export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
    return <Wrong words={[wordsOf(error)]}>{retry && <Button onClick={retry}>Try again</Button>}</Wrong>;
}

export function Empty({ title, heading, children }: { title: string; heading?: boolean; children?: ComponentChildren }) {
    return <div class="empty">{heading ? <Heading title={title} class="empty-title" /> : <p class="empty-title">{title}</p>}{children}</div>;
}

export function Loading() {
    return <div class="loading" role="status">Loading…</div>;
}
