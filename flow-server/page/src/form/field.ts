/** A field of a form: what somebody has filled in so far, which need not be a value yet, and the value that makes. */
import { signal } from '../signals.ts';
import { humane, isObject, pretty, same, step } from '../json.ts';
import type { Json, JsonObject } from '../types.ts';
import { type Needed, type Of, type Option, type Shape, type Variant } from './shape.ts';
import { numberOf, shown, textOf } from './typed.ts';

let made = 0;

export class Field {
    readonly id = `f${(made += 1)}`;
    /** What it is if it is not null. */
    readonly shape: Needed;
    readonly nullable: boolean;
    /** Whether something has to be filled in. */
    readonly required: boolean;
    /** Whether it needs a button to be left out, because it is not simply empty then. */
    readonly removable: boolean;
    readonly there = signal(true);
    /** Its name in the object around it. */
    readonly name = signal('');
    readonly text = signal('');
    /** Which of its options. */
    readonly chosen = signal<number[]>([]);
    /** The fields in it; of variants one for each that was chosen once. */
    readonly inner = signal<Field[]>([]);
    readonly file = signal<File | null>(null);
    readonly error = signal('');
    private readonly old: Json;
    private readonly begun: string;

    /** With the value that is filled in; without one it is the schema's default. */
    constructor(shape: Shape, value: Json | undefined, readonly label: string, private readonly needed = true, name = '') {
        if (value === undefined) value = shape.about.preset;
        this.nullable = shape.kind === 'optional';
        this.shape = unwrapped(shape);
        this.required = needed && !this.nullable;
        this.removable = !this.required && !isPlain(shape);
        this.there.value = !this.removable || (value !== undefined && !(value === null && this.nullable));
        this.name.value = name;
        this.old = value ?? null;
        this.fill(value);
        this.begun = this.text.value;
    }

    /** Whether another text was typed. */
    get changed(): boolean {
        return this.text.value !== this.begun;
    }

    private fill(value: Json | undefined): void {
        const { shape, text, chosen, inner } = this;
        const list = Array.isArray(value) ? value : null;
        const object = isObject(value) ? value : {};
        switch (shape.kind) {
            case 'text':
                if (typeof value === 'string') text.value = shown(value, shape.input);
                break;
            case 'number':
                if (typeof value === 'number') text.value = String(value);
                break;
            case 'json':
                if (value !== undefined && (value !== null || this.required)) text.value = pretty(value);
                break;
            case 'boolean':
                if (this.required) value ??= false;
            // falls through
            case 'choice':
                chosen.value = indexesOf(shape.options, [value]);
                break;
            case 'many':
                chosen.value = indexesOf(shape.options, list ?? []);
                break;
            case 'object':
                inner.value = shape.fields.map(({ name, shape, required }) => new Field(shape, object[name], shape.about.title || humane(name), required, name));
                break;
            case 'list':
                for (const item of list ?? Array<undefined>(Math.min(shape.min, 50)).fill(undefined)) this.add(item);
                break;
            case 'tuple':
                inner.value = shape.items.map((item, index) => new Field(item, list?.[index], item.about.title || `Part ${index + 1}`));
                break;
            case 'map':
                for (const [name, one] of Object.entries(object)) this.add(one, name);
                break;
            case 'variants': {
                const at = value === undefined ? -1 : shape.options.findIndex(variant => matches(variant, value!));
                const tag = shape.options[at]?.tag;
                if (at >= 0) this.choose(at, tag === undefined ? value : object[tag]);
            }
        }
    }

    /** Chooses an option, or takes it back if there can be many. */
    choose(index: number, value?: Json): void {
        const { shape, chosen } = this;
        if (shape.kind === 'many' && chosen.value.includes(index)) chosen.value = chosen.value.filter(one => one !== index);
        else chosen.value = shape.kind === 'many' ? [...chosen.value, index].sort((left, right) => left - right) : [index];
        if (shape.kind === 'variants') this.prepare(index, value);
    }

    /** The field of a variant, for when it is chosen. */
    prepare(index: number, value?: Json): void {
        const variant = (this.shape as Of<'variants'>).options[index]!;
        const fields = [...this.inner.value];
        fields[index] ??= new Field(variant.shape, value, variant.label);
        this.inner.value = fields;
    }

    /** Adds an item to a list, or an entry to a map. */
    add(value?: Json, name = ''): Field {
        const item = (this.shape as Of<'list' | 'map'>).item();
        const field = new Field(item, value, item.about.title || this.label, true, name);
        this.inner.value = [...this.inner.value, field];
        return field;
    }

    /** The fields in it that count now, and the pointers of their values. */
    private parts(at: string): [string, Field][] {
        const { shape, inner: { value: inner } } = this;
        if (shape.kind !== 'variants') return inner.map((one, index) => [at + step('items' in shape || 'min' in shape ? index : one.name.value), one]);
        const [index = -1] = this.chosen.value;
        const one = inner[index], tag = shape.options[index]?.tag;
        return one ? [[tag === undefined ? at : at + step(tag), one]] : [];
    }

    /** All fields that are shown now, by the pointers of their values. */
    places(at = '', all = new Map<string, Field>()): Map<string, Field> {
        if (!this.there.value) return all;
        if (!all.has(at)) all.set(at, this);
        for (const [inside, one] of this.parts(at)) one.places(inside, all);
        return all;
    }

    /** Its value, or `undefined` if that is left out. What is wrong is told at the fields, files are put aside by their pointers. */
    read(files: Map<string, Field>, at = ''): Json | undefined {
        this.error.value = '';
        const value = this.there.value ? this.value(files, at) : undefined;
        return value === undefined && this.nullable && this.needed ? null : value;
    }

    private value(files: Map<string, Field>, at: string): Json | undefined {
        const { shape, text: { value: text }, chosen: { value: chosen } } = this;
        const wrong = (words: string): undefined => void (this.error.value = words);
        const missing = (words: string) => (this.required ? wrong(words) : undefined);
        const inside = () => this.parts(at).map(([at, one]) => [one, one.read(files, at)] as const);
        const list = () => inside().map(([, value]) => value ?? null);
        switch (shape.kind) {
            case 'const': return shape.value;
            case 'text':
                if (!text) return shape.about.preset === '' ? '' : missing('Fill this in.');
                return textOf(shape, text, wrong);
            case 'number': return text.trim() ? numberOf(shape, text, wrong) : missing('Fill this in.');
            case 'json':
                if (!text.trim()) return this.required ? null : undefined;
                try {
                    return JSON.parse(text) as Json;
                } catch (error) {
                    return wrong(`This is not JSON: ${(error as Error).message}`);
                }
            case 'boolean':
            case 'choice': {
                const option = shape.options[chosen[0] ?? -1];
                return option ? option.value : missing('Choose one.');
            }
            case 'many':
                if (!chosen.length && !this.required && shape.about.preset === undefined) return undefined;
                if (chosen.length < shape.min) return wrong(`Choose at least ${shape.min}.`);
                if (chosen.length > shape.max) return wrong(`Choose at most ${shape.max}.`);
                return chosen.map(index => shape.options[index]!.value);
            case 'file':
                if (!this.file.value) return this.old ?? missing('Choose a file.');
                files.set(at, this);
                return null;
            case 'object': return Object.fromEntries(inside().flatMap(([{ name }, value]) => (value === undefined ? [] : [[name.value, value]])));
            case 'tuple': return list();
            case 'list': {
                const values = list();
                if (values.length < shape.min) wrong(`Add at least ${shape.min === 1 ? 'one' : shape.min}.`);
                if (values.length > shape.max) wrong(`At most ${shape.max}.`);
                return values;
            }
            case 'map': {
                const value: JsonObject = {};
                for (const [{ name: { value: name } }, one] of inside()) {
                    if (!name) wrong('Every entry needs a name.');
                    else if (name in value) wrong(`\`${name}\` is there twice.`);
                    else value[name] = one ?? null;
                }
                return value;
            }
            case 'variants': {
                const variant = shape.options[chosen[0] ?? -1];
                if (!variant) return missing('Choose one.');
                const value = inside()[0]?.[1] ?? null;
                if (variant.tag !== undefined) return { [variant.tag]: value };
                return variant.fixed && isObject(value) ? { ...variant.fixed, ...value } : value;
            }
        }
    }
}

const unwrapped = (shape: Shape): Needed => (shape.kind === 'optional' ? unwrapped(shape.inner) : shape);

/** Whether it is simply empty if nobody has typed or chosen something. */
export function isPlain(shape: Shape): boolean {
    return !['object', 'list', 'tuple', 'map', 'variants'].includes(unwrapped(shape).kind);
}

function indexesOf(options: Option[], values: (Json | undefined)[]): number[] {
    return values.map(value => options.findIndex(option => same(option.value, value))).filter(index => index >= 0);
}

function matches({ tag, fixed, shape }: Variant, value: Json): boolean {
    if (tag !== undefined) return isObject(value) && tag in value;
    if (fixed) return isObject(value) && Object.entries(fixed).every(([name, one]) => value[name] === one);
    switch (shape.kind) {
        case 'const': return same(shape.value, value);
        case 'text': return typeof value === 'string';
        case 'number':
        case 'boolean': return typeof value === shape.kind;
        case 'choice': return indexesOf(shape.options, [value]).length > 0;
        case 'list': case 'tuple': case 'many': return Array.isArray(value);
        case 'object': return isObject(value) && shape.fields.every(field => !field.required || field.name in value);
        case 'map': return isObject(value);
        default: return true;
    }
}
