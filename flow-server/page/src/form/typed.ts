/** Texts and numbers between how they are typed and how they are sent. */
import type { Of } from './shape.ts';

type Wrong = (words: string) => undefined;

export function numberOf({ integer, min, max }: Of<'number'>, text: string, wrong: Wrong): number | undefined {
    const value = Number(text.trim().replace(',', '.'));
    if (!Number.isFinite(value)) return wrong('This is not a number.');
    if (integer && !Number.isInteger(value)) return wrong('A whole number, please.');
    if (integer && !Number.isSafeInteger(value)) return wrong('This is too large for a form; use JSON.');
    if (value < min) return wrong(`At least ${min}.`);
    if (value > max) return wrong(`At most ${max}.`);
    return value;
}

export function textOf({ min, max, pattern, format }: Of<'text'>, text: string, wrong: Wrong): string | undefined {
    const { length } = [...text];
    if (length < min) return wrong(`At least ${min} characters.`);
    if (length > max) return wrong(`At most ${max} characters; these are ${length}.`);
    if (pattern && !matchesPattern(pattern, text)) return wrong(`It has to look like ${pattern}.`);
    return meant(text, format);
}

function matchesPattern(pattern: string, text: string): boolean {
    try {
        return new RegExp(pattern, 'u').test(text);
    } catch {
        // What this browser cannot read is the server's to check.
        return true;
    }
}

/** A moment as its input shows it: in the reader's own zone. */
export function shown(value: string, input: string): string {
    const date = new Date(value);
    if (input !== 'datetime-local' || Number.isNaN(+date)) return value;
    return new Date(+date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** What is sent for what an input of this format holds. */
function meant(text: string, format: string): string {
    const date = new Date(text);
    if (format === 'date-time') return Number.isNaN(+date) ? text : date.toISOString().replace('.000Z', 'Z');
    return format.endsWith('time') && /^[^:]*:\d\d$/.test(text) ? `${text}:00` : text;
}
