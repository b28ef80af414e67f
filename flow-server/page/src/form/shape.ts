/** What a form has to show for a JSON Schema: the schema with its references followed and its detours taken out. */
import { humane, unstep } from '../json.ts';
import type { Json, JsonObject, Schema } from '../types.ts';

export interface About {
    title: string;
    doc: string;
    example?: Json | undefined;
    /** The schema's default; absent if it has none. */
    preset?: Json | undefined;
}

export interface Option {
    label: string;
    doc: string;
    value: Json;
}

export interface Field {
    name: string;
    required: boolean;
    shape: Shape;
}

export interface Variant {
    label: string;
    doc: string;
    shape: Shape;
    /** `{ "Tag": value }`. */
    tag?: string;
    /** Fields that tell this variant from others: `{ "type": "circle", … }`. */
    fixed?: JsonObject;
}

export type Shape = { about: About } & (
    | { kind: 'text'; lines: boolean; input: string; format: string; min: number; max: number; pattern: string }
    | { kind: 'number'; integer: boolean; min: number; max: number }
    | { kind: 'boolean'; options: Option[] }
    | { kind: 'choice'; options: Option[] }
    | { kind: 'many'; options: Option[]; min: number; max: number }
    | { kind: 'const'; value: Json }
    | { kind: 'object'; fields: Field[] }
    | { kind: 'list'; item: () => Shape; min: number; max: number }
    | { kind: 'tuple'; items: Shape[] }
    | { kind: 'map'; item: () => Shape }
    | { kind: 'variants'; options: Variant[] }
    | { kind: 'optional'; inner: Shape }
    | { kind: 'file'; object: boolean }
    | { kind: 'json' }
);

/** A shape that is not optional. */
export type Needed = Exclude<Shape, { kind: 'optional' }>;
/** A shape of this kind. */
export type Of<K extends Shape['kind']> = Shape & { kind: K };

const YES_NO: Option[] = [{ label: 'Yes', doc: '', value: true }, { label: 'No', doc: '', value: false }];
/** How deep a form goes by itself; what is below is JSON. */
const DEEPEST = 12;
const FORMATS: Record<string, string> = { 'date-time': 'datetime-local', 'partial-date-time': 'datetime-local', date: 'date', time: 'time', 'partial-time': 'time', email: 'email', uri: 'url', url: 'url', password: 'password' };

/** The shape of a schema's values. */
export function shapeOf(root: Schema): Shape {
    return new Reader(root).shape(root, 0);
}

/** A doc comment as people read it: without its line breaks and links. */
export function tidy(doc = ''): string {
    return doc.replace(/\[`?([^\]`]+)`?\](\([^)]*\))?/g, '$1').replace(/([^\n])\n(?![\n*-])/g, '$1 ').trim();
}

/** Titles that schemars gives to types: they say nothing about a field. */
const TYPES = /^(u?int\d*|float|double|string|boolean|null|AnyValue|Nullable_.*|.*_of_.*)$/;

/** What variants without a name are called. */
const NAMES: Record<string, string> = { boolean: 'Yes or no', object: 'Fields', map: 'Names and values', json: 'JSON' };

const NOTHING = { title: '', doc: '' };
const fixedAs = (label: string, doc: string, value: Json): Variant => ({ label, doc, shape: { about: NOTHING, kind: 'const', value } });

/** What a schema allows besides null; nothing if that is not one of several things it allows. */
function withoutNull(schema: Schema): Schema | null {
    const { default: _, ...rest } = schema;
    let some = false;
    const { type } = rest;
    const left = <T>(all: T[], isNull: (one: T) => boolean) => {
        const kept = all.filter(one => !isNull(one));
        if (!kept.length || kept.length === all.length) return all;
        some = true;
        return kept;
    };
    if (Array.isArray(type)) rest.type = left(type, one => one === 'null');
    if (rest.enum) rest.enum = left(rest.enum, one => one === null);
    for (const of of ['anyOf', 'oneOf'] as const) {
        const { [of]: all, ...beside } = rest;
        const kept = all && left(all, one => one.type === 'null' || one.const === null);
        if (kept && kept !== all) Object.assign(rest, kept.length > 1 ? { [of]: kept } : { [of]: undefined, allOf: kept }, beside);
    }
    return some ? rest : null;
}

class Reader {
    constructor(private root: Schema) {}

    /** The schema without `$ref` and an `allOf` of one. What stands beside them counts more. */
    #plain(schema: Schema | boolean | undefined): Schema {
        if (!schema || schema === true) return {};
        for (let hops = 0; hops < 32; hops += 1) {
            const { $ref, allOf, ...beside }: Schema = schema;
            if ($ref) schema = { ...this.#at($ref), ...beside };
            else if (allOf) schema = [...allOf.map(one => this.#plain(one)), beside].reduce(merged, {});
            else return schema;
        }
        return {};
    }

    #at(reference: string): Schema {
        let at: any = reference.startsWith('#') ? this.root : undefined;
        for (const step of reference.slice(2).split('/').filter(Boolean)) at = at?.[unstep(decodeURIComponent(step))];
        return at ?? {};
    }

    shape(given: Schema | boolean | undefined, depth: number): Shape {
        const schema = this.#plain(given);
        const { type: types, properties, examples, default: preset, title = '' } = schema;
        const about: About = { title: TYPES.test(title) ? '' : title, doc: tidy(schema.description), example: examples?.[0], preset };
        if (depth > DEEPEST) return { about, kind: 'json' };
        const rest = withoutNull(schema);
        if (rest) {
            const inner = this.shape(rest, depth + 1);
            const { title, doc, example } = inner.about;
            inner.about = { title: about.title || title, doc: about.doc || doc, example: about.example ?? example };
            return { about, kind: 'optional', inner };
        }
        if (schema.const !== undefined) return { about, kind: 'const', value: schema.const };
        if (schema.enum) return { about, kind: 'choice', options: schema.enum.map(value => ({ label: labelOf(value), doc: '', value })) };
        const any = schema.oneOf ?? schema.anyOf;
        if (any) return this.#variants(schema, any, about, depth);
        const [type, more] = [types].flat();
        if (more) return this.#variants({}, (types as string[]).map(type => ({ ...schema, type, title: type, description: '' })), about, depth);
        switch (type ?? (properties && 'object')) {
            case 'string': return textOf(schema, about);
            case 'integer': return numberOf(schema, about, 1);
            case 'number': return numberOf(schema, about, 0);
            case 'boolean': return { about, kind: 'boolean', options: YES_NO };
            case 'null': return { about, kind: 'const', value: null };
            case 'array': return this.#array(schema, about, depth + 1);
            case 'object': return this.#object(schema, about, depth + 1);
            default: return { about, kind: 'json' };
        }
    }

    #variants(schema: Schema, any: Schema[], about: About, depth: number): Shape {
        const variants = any.flatMap(one => this.#variant(this.#plain(one), depth + 1));
        const values = variants.map(({ label, doc, shape, tag }) => (shape.kind === 'const' && !tag ? { label, doc, value: shape.value } : null));
        if (values.every(option => option !== null)) return { about, kind: 'choice', options: values };
        const [{ shape: only, tag, fixed }] = variants as [Variant];
        if (variants.length === 1 && !tag && !fixed) return { ...only, about: { ...only.about, ...about, doc: about.doc || only.about.doc } };
        // Fields beside the choice belong to each of its variants.
        const beside = schema.properties && this.#object(schema, about, depth + 1);
        if (beside?.kind === 'object') {
            for (const variant of variants) {
                if (variant.shape.kind !== 'object' || variant.tag) return { about, kind: 'json' };
                variant.shape = { ...variant.shape, fields: [...beside.fields, ...variant.shape.fields] };
            }
        }
        return { about, kind: 'variants', options: variants };
    }

    #variant(schema: Schema, depth: number): Variant[] {
        const { title, properties = {} } = schema;
        const doc = tidy(schema.description);
        if (schema.enum) return schema.enum.map(value => fixedAs(labelOf(value), doc, value));
        if (schema.const !== undefined) return [fixedAs(title ?? labelOf(schema.const), doc, schema.const)];
        const names = Object.keys(properties);
        const [tag] = names;
        if (tag !== undefined && names.length === 1 && schema.required?.[0] === tag && schema.additionalProperties === false) {
            const shape = this.shape(properties[tag], depth);
            const { about } = shape;
            return [{ label: title ?? humane(tag), doc: doc || about.doc, shape: { ...shape, about: { ...about, doc: doc && about.doc } }, tag }];
        }
        const shape = this.shape({ ...schema, description: '' }, depth);
        const fixed: JsonObject = {};
        for (const name of names) {
            const { const: value } = this.#plain(properties[name]);
            if (value !== undefined) fixed[name] = value;
        }
        const [told] = Object.values(fixed);
        if (told === undefined || shape.kind !== 'object') return [{ label: title ?? NAMES[shape.kind] ?? humane(shape.kind), doc, shape }];
        return [{ label: title ?? labelOf(told), doc, shape: { ...shape, fields: shape.fields.filter(field => !(field.name in fixed)) }, fixed }];
    }

    #array(schema: Schema, about: About, depth: number): Shape {
        const { minItems: min = 0, maxItems: max = Infinity, prefixItems, uniqueItems } = schema;
        if (prefixItems) return { about, kind: 'tuple', items: prefixItems.map(item => this.shape(item, depth)) };
        const item = this.shape(schema.items, depth);
        // Each of them at most once reads better as boxes to tick.
        if (item.kind === 'choice' && uniqueItems) return { about, kind: 'many', options: item.options, min, max };
        return { about, kind: 'list', item: () => item, min, max };
    }

    #object({ properties = {}, required = [], format, additionalProperties: more, type }: Schema, about: About, depth: number): Shape {
        const names = Object.keys(properties);
        if (format === 'file' || ['name', 'content_type', 'data'].every(name => name in properties)) return { about, kind: 'file', object: true };
        if (!names.length && more !== false) return more && (more !== true || type) ? { about, kind: 'map', item: () => this.shape(more, depth) } : { about, kind: 'json' };
        const fields = names.map(name => ({ name, required: required.includes(name), shape: this.shape(properties[name], depth) }));
        // Those that are needed come first, otherwise the order is that of the type.
        return { about, kind: 'object', fields: fields.sort((left, right) => Number(right.required) - Number(left.required)) };
    }
}

function merged(left: Schema, right: Schema): Schema {
    const all: Schema = { ...left, ...right };
    if (left.properties || right.properties) all.properties = { ...left.properties, ...right.properties };
    if (left.required || right.required) all.required = [...left.required ?? [], ...right.required ?? []];
    return all;
}

function textOf({ contentEncoding, format = '', minLength: min = 0, maxLength: max = Infinity, pattern = '' }: Schema, about: About): Shape {
    if (contentEncoding === 'base64' || format === 'binary' || format === 'byte') return { about, kind: 'file', object: false };
    const input = FORMATS[format] ?? 'text';
    const long = [about.preset, about.example].some(text => typeof text === 'string' && (text.includes('\n') || text.length > 60));
    const lines = input === 'text' && (long || ['multiline', 'textarea', 'markdown', 'text'].includes(format) || (max > 200 && max < Infinity));
    return { about, kind: 'text', lines, input, format, min, max, pattern };
}

/** Its limits are the first and the last number that are allowed; numbers that are not whole are the server's to check there. */
function numberOf({ minimum, exclusiveMinimum = -Infinity, maximum, exclusiveMaximum = Infinity }: Schema, about: About, step: number): Shape {
    return { about, kind: 'number', integer: step > 0, min: minimum ?? exclusiveMinimum + step, max: maximum ?? exclusiveMaximum - step };
}

function labelOf(value: Json): string {
    return typeof value === 'string' ? humane(value) : JSON.stringify(value);
}
