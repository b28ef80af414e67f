/** What somebody has filled in so far, which need not be a value yet, and the value it makes. */
import type { Json, JsonObject } from '../types.ts';
import type { Shape } from './shape.ts';

let made = 0;
const newId = () => (made += 1);

/** A shape's part of a form: texts as they were typed, and what is chosen, present, opened. */
export type Draft =
    | { kind: 'text'; text: string }
    | { kind: 'boolean'; on: boolean | null }
    | { kind: 'choice'; at: number }
    | { kind: 'many'; on: number[] }
    | { kind: 'const' }
    | { kind: 'object'; fields: Record<string, Draft>; absent: string[] }
    | { kind: 'list'; items: { id: number; draft: Draft }[] }
    | { kind: 'tuple'; items: Draft[] }
    | { kind: 'map'; entries: { id: number; name: string; draft: Draft }[] }
    | { kind: 'variants'; at: number; drafts: (Draft | null)[] }
    | { kind: 'optional'; on: boolean; draft: Draft }
    | { kind: 'file'; file: File | null; kept: Json };

export interface Collected {
    value: Json;
    errors: Map<string, string>;
    /** Files to be sent, by the pointer of their place. */
    files: Map<string, File>;
}

/** Whether it is a field that is empty if nobody has typed or chosen something, so that it needs no button to be left out. */
export function isPlain(shape: Shape): boolean {
    return ['text', 'number', 'boolean', 'choice', 'file', 'json', 'const', 'many'].includes(shape.kind) || (shape.kind === 'optional' && isPlain(shape.inner));
}

/** The draft that makes this value; of a shape's own default or of nothing if there is none. */
export function fill(shape: Shape, value: Json | undefined = shape.about.preset, required = true): Draft {
    switch (shape.kind) {
        case 'text': return { kind: 'text', text: typeof value === 'string' ? typed(value, shape.input) : '' };
        case 'number': return { kind: 'text', text: typeof value === 'number' ? String(value) : '' };
        case 'json': return { kind: 'text', text: value === undefined || (value === null && !required) ? '' : JSON.stringify(value, null, 2) };
        case 'boolean': return { kind: 'boolean', on: typeof value === 'boolean' ? value : required ? false : null };
        case 'choice': return { kind: 'choice', at: value === undefined ? -1 : indexOf(shape.options, value) };
        case 'many': return { kind: 'many', on: Array.isArray(value) ? value.map(one => indexOf(shape.options, one)).filter(at => at >= 0) : [] };
        case 'const': return { kind: 'const' };
        case 'file': return { kind: 'file', file: null, kept: value ?? null };
        case 'optional': return { kind: 'optional', on: isPlain(shape.inner) || (value !== null && value !== undefined), draft: fill(shape.inner, value ?? undefined, false) };
        case 'object': {
            const given = isObject(value) ? value : {};
            const of = (name: string) => (name in given ? given[name] : undefined);
            const fields = shape.fields.map(field => [field.name, of(field.name) === undefined ? fill(field.shape, undefined, field.required) : fill(field.shape, of(field.name), field.required)] as const);
            const left = shape.fields.filter(field => !field.required && !isPlain(field.shape) && field.shape.kind !== 'optional' && of(field.name) === undefined && field.shape.about.preset === undefined);
            return { kind: 'object', fields: Object.fromEntries(fields), absent: left.map(field => field.name) };
        }
        case 'list': {
            const items = Array.isArray(value) ? value : Array.from({ length: Math.min(shape.min, 50) }, () => undefined);
            return { kind: 'list', items: items.map(item => newItem(shape.item(), item)) };
        }
        case 'tuple': return { kind: 'tuple', items: shape.items.map((item, at) => fill(item, Array.isArray(value) ? value[at] : item.about.preset)) };
        case 'map': {
            const entries = isObject(value) ? Object.entries(value) : [];
            return { kind: 'map', entries: entries.map(([name, one]) => ({ ...newItem(shape.value(), one), name })) };
        }
        case 'variants': {
            const at = value === undefined ? -1 : shape.variants.findIndex(variant => matches(variant, value));
            const drafts = shape.variants.map((variant, index) => (index === at ? fill(variant.shape, variant.tag !== undefined ? (value as JsonObject)[variant.tag] : value) : null));
            return { kind: 'variants', at, drafts };
        }
    }
}

export function newItem(shape: Shape, value?: Json): { id: number; draft: Draft } {
    return { id: newId(), draft: fill(shape, value) };
}

function indexOf(options: { value: Json }[], value: Json): number {
    const text = JSON.stringify(value);
    return options.findIndex(option => JSON.stringify(option.value) === text);
}

function matches({ tag, fixed, shape }: { tag?: string; fixed?: JsonObject; shape: Shape }, value: Json): boolean {
    if (tag !== undefined) return isObject(value) && tag in value;
    if (fixed) return isObject(value) && Object.entries(fixed).every(([name, one]) => value[name] === one);
    switch (shape.kind) {
        case 'const': return JSON.stringify(shape.value) === JSON.stringify(value);
        case 'text': return typeof value === 'string';
        case 'number': return typeof value === 'number';
        case 'boolean': return typeof value === 'boolean';
        case 'choice': return indexOf(shape.options, value) >= 0;
        case 'list': case 'tuple': case 'many': return Array.isArray(value);
        case 'object': return isObject(value) && shape.fields.every(field => !field.required || field.name in value);
        case 'map': return isObject(value);
        default: return true;
    }
}

export function isObject(value: Json | undefined): value is JsonObject {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A step of a JSON pointer. */
export const step = (name: string | number): string => `/${String(name).replace(/~/g, '~0').replace(/\//g, '~1')}`;

/** The value of a draft, and what is wrong with it, by JSON pointer. */
export function collect(shape: Shape, draft: Draft): Collected {
    const all: Collected = { value: null, errors: new Map(), files: new Map() };
    const value = gather(shape, draft, '', true, all);
    all.value = value === undefined ? null : value;
    return all;
}

/** `undefined` is a value that is left out. */
function gather(shape: Shape, draft: Draft, at: string, required: boolean, all: Collected): Json | undefined {
    const wrong = (words: string): undefined => void all.errors.set(at, words);
    const missing = (words = 'Fill this in.'): undefined => (required ? wrong(words) : undefined);
    if (shape.kind === 'const') return shape.value;
    switch (draft.kind) {
        case 'text': {
            const text = draft.text;
            if (shape.kind === 'number') return number(shape, text, missing, wrong);
            if (shape.kind === 'json') {
                if (!text.trim()) return required ? null : undefined;
                try {
                    return JSON.parse(text) as Json;
                } catch (error) {
                    return wrong(`This is not JSON: ${(error as Error).message}`);
                }
            }
            if (shape.kind !== 'text') return undefined;
            if (text === '') return shape.about.preset === '' ? '' : missing();
            if ([...text].length < shape.min) return wrong(`At least ${shape.min} characters.`);
            if ([...text].length > shape.max) return wrong(`At most ${shape.max} characters; these are ${[...text].length}.`);
            if (shape.pattern && !matchesPattern(shape.pattern, text)) return wrong(`It has to look like ${shape.pattern}.`);
            return meant(text, shape.format);
        }
        case 'boolean': return draft.on ?? missing('Choose one.');
        case 'choice': return shape.kind === 'choice' && shape.options[draft.at] ? shape.options[draft.at]!.value : missing('Choose one.');
        case 'many': {
            if (shape.kind !== 'many') return undefined;
            if (!draft.on.length && !required && shape.about.preset === undefined) return undefined;
            if (draft.on.length < shape.min) return wrong(`Choose at least ${shape.min}.`);
            if (draft.on.length > shape.max) return wrong(`Choose at most ${shape.max}.`);
            return [...draft.on].sort((left, right) => left - right).map(index => shape.options[index]!.value);
        }
        case 'const': return undefined;
        case 'object': {
            if (shape.kind !== 'object') return undefined;
            const value: JsonObject = {};
            for (const { name, required, shape: inner } of shape.fields) {
                const field = draft.fields[name];
                if (!field || draft.absent.includes(name)) continue;
                const one = gather(inner, field, at + step(name), required, all);
                if (one !== undefined) value[name] = one;
            }
            return value;
        }
        case 'list': {
            if (shape.kind !== 'list') return undefined;
            if (draft.items.length < shape.min) wrong(shape.min === 1 ? 'Add at least one.' : `Add at least ${shape.min}.`);
            if (draft.items.length > shape.max) wrong(`At most ${shape.max}.`);
            return draft.items.map((item, index) => gather(shape.item(), item.draft, at + step(index), true, all) ?? null);
        }
        case 'tuple': return shape.kind === 'tuple' ? draft.items.map((item, index) => gather(shape.items[index]!, item, at + step(index), true, all) ?? null) : undefined;
        case 'map': {
            if (shape.kind !== 'map') return undefined;
            const value: JsonObject = {};
            for (const { name, draft: one } of draft.entries) {
                if (!name) wrong('Every entry needs a name.');
                else if (name in value) wrong(`\`${name}\` is there twice.`);
                else value[name] = gather(shape.value(), one, at + step(name), true, all) ?? null;
            }
            return value;
        }
        case 'variants': {
            if (shape.kind !== 'variants') return undefined;
            const variant = shape.variants[draft.at];
            if (!variant) return missing('Choose one.');
            const inner = draft.drafts[draft.at] ?? fill(variant.shape);
            const value = gather(variant.shape, inner, variant.tag === undefined ? at : at + step(variant.tag), true, all);
            if (variant.tag !== undefined) return { [variant.tag]: value ?? null };
            return variant.fixed && isObject(value) ? { ...variant.fixed, ...value } : value;
        }
        case 'optional': {
            if (shape.kind !== 'optional') return undefined;
            const value = draft.on ? gather(shape.inner, draft.draft, at, false, all) : undefined;
            return value === undefined && required ? null : value;
        }
        case 'file': {
            if (!draft.file) return draft.kept ?? missing('Choose a file.');
            all.files.set(at, draft.file);
            return null;
        }
    }
}

type Words = (words: string) => undefined;

function number(shape: Shape & { kind: 'number' }, text: string, missing: () => undefined, wrong: Words): number | undefined {
    if (!text.trim()) return missing();
    const value = Number(text.trim().replace(',', '.'));
    if (!Number.isFinite(value)) return wrong('This is not a number.');
    if (shape.integer && !Number.isInteger(value)) return wrong('A whole number, please.');
    if (shape.integer && !Number.isSafeInteger(value)) return wrong('This number is too large for a form; use JSON instead.');
    if (shape.min !== undefined && value < shape.min) return wrong(`At least ${shape.min}.`);
    if (shape.max !== undefined && value > shape.max) return wrong(`At most ${shape.max}.`);
    return value;
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
function typed(value: string, input: string): string {
    const date = new Date(value);
    if (input !== 'datetime-local' || Number.isNaN(date.getTime())) return value;
    return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function meant(text: string, format: string): string {
    if (format === 'date-time') {
        const date = new Date(text);
        return Number.isNaN(date.getTime()) ? text : date.toISOString().replace('.000Z', 'Z');
    }
    return format === 'partial-date-time' || format === 'partial-time' || format === 'time' ? (/^[^:]*:\d\d$/.test(text) ? `${text}:00` : text) : text;
}

/** A file as the value of its place. */
export async function embedded(shape: 'object' | 'text', file: File): Promise<Json> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    let text = '';
    for (let from = 0; from < bytes.length; from += 0x8000) text += String.fromCharCode(...bytes.subarray(from, from + 0x8000));
    const data = btoa(text);
    return shape === 'text' ? data : { name: file.name, content_type: file.type || 'application/octet-stream', size: file.size, data };
}

/** The value with another one at a pointer. */
export function placed(value: Json, pointer: string, put: Json): Json {
    if (!pointer) return put;
    const [, first = '', rest = ''] = /^\/([^/]*)(.*)$/.exec(pointer) ?? [];
    const name = first.replace(/~1/g, '/').replace(/~0/g, '~');
    if (Array.isArray(value)) return value.map((one, index) => (String(index) === name ? placed(one, rest, put) : one));
    const object = isObject(value) ? value : {};
    return { ...object, [name]: placed(object[name] ?? null, rest, put) };
}

/** Errors of the server as this form shows them: by its own pointers, the nearest one if it has none there. */
export function byField(errors: { pointer: string; detail: string }[], known: Iterable<string>): { fields: Map<string, string>; rest: string[] } {
    const pointers = new Set(known);
    const fields = new Map<string, string>();
    const rest: string[] = [];
    for (const { pointer, detail } of errors) {
        const bare = decodeURIComponent(pointer.replace(/^#/, ''));
        const without = bare.replace(/^\/(input|answer)(?=\/|$)/, '');
        const missing = /missing field `([^`]+)`/.exec(detail)?.[1];
        const tries = [bare, without].flatMap(one => (missing === undefined ? [one] : [one + step(missing), one]));
        let at = tries.find(one => pointers.has(one));
        for (let up = without; at === undefined && up.includes('/'); ) {
            up = up.slice(0, up.lastIndexOf('/'));
            if (up && pointers.has(up)) at = up;
        }
        const words = detail.endsWith('.') ? detail : `${detail}.`;
        if (at === undefined || (at === '' && !pointers.has(''))) rest.push(without ? `${without.slice(1).replace(/\//g, ' › ')}: ${words}` : words);
        else fields.set(at, fields.has(at) ? `${fields.get(at)} ${words}` : words[0]!.toUpperCase() + words.slice(1));
    }
    return { fields, rest };
}

/** The pointers of all fields that are shown now. */
export function pointers(shape: Shape, draft: Draft, at = '', all: string[] = []): string[] {
    if (at || !['object', 'optional'].includes(shape.kind)) all.push(at);
    if (shape.kind === 'object' && draft.kind === 'object') {
        for (const { name, shape: inner } of shape.fields) pointers(inner, draft.fields[name]!, at + step(name), all);
    } else if (shape.kind === 'optional' && draft.kind === 'optional') pointers(shape.inner, draft.draft, at, all);
    else if (shape.kind === 'list' && draft.kind === 'list') draft.items.forEach((item, index) => pointers(shape.item(), item.draft, at + step(index), all));
    else if (shape.kind === 'tuple' && draft.kind === 'tuple') draft.items.forEach((item, index) => pointers(shape.items[index]!, item, at + step(index), all));
    else if (shape.kind === 'map' && draft.kind === 'map') draft.entries.forEach(entry => pointers(shape.value(), entry.draft, at + step(entry.name), all));
    else if (shape.kind === 'variants' && draft.kind === 'variants') {
        const variant = shape.variants[draft.at], inner = draft.drafts[draft.at];
        if (variant && inner) pointers(variant.shape, inner, variant.tag === undefined ? at : at + step(variant.tag), all);
    }
    return all;
}
