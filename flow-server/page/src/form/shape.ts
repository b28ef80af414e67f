/** What a form has to show for a JSON Schema: the schema with its references followed and its detours taken out. */
import { unstep } from '../json.ts';
import type { Json, JsonObject, Schema } from '../types.ts';

export interface About {
    title: string;
    doc: string;
    example?: Json;
    /** The schema's default; absent if it has none. */
    preset?: Json;
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
    | { kind: 'number'; integer: boolean; min?: number; max?: number }
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

/** `second_address` and `SecondAddress` as `Second address`. */
export function humane(name: string): string {
    const words = name.replace(/([a-z\d])([A-Z])/g, (_, left: string, right: string) => `${left} ${right.toLowerCase()}`).replace(/[_-]+/g, ' ').trim();
    return words ? words[0]!.toUpperCase() + words.slice(1) : name;
}

/** A doc comment as people read it: without its line breaks and links. */
export function tidy(doc = ''): string {
    return doc.replace(/\[`?([^\]`]+)`?\](\([^)]*\))?/g, '$1').replace(/([^\n])\n(?![\n*-])/g, '$1 ').trim();
}

class Reader {
    constructor(private root: Schema) {}

    /** The schema without `$ref` and an `allOf` of one. What stands beside them counts more. */
    private plain(schema: Schema | boolean | undefined): Schema {
        if (!schema || typeof schema === 'boolean') return {};
        for (let hops = 0; hops < 32; hops += 1) {
            const { $ref, allOf, ...beside } = schema as Schema;
            if ($ref) schema = { ...this.at($ref), ...beside };
            else if (allOf) schema = allOf.reduce<Schema>((all, one) => this.merged(all, this.plain(one)), {}), (schema = this.merged(schema, beside));
            else return schema as Schema;
        }
        return {};
    }

    private at(reference: string): Schema {
        let at: unknown = reference.startsWith('#') ? this.root : undefined;
        for (const step of reference.slice(2).split('/').filter(Boolean)) {
            const name = unstep(decodeURIComponent(step));
            at = (at as Record<string, unknown> | undefined)?.[name];
        }
        return (at as Schema) ?? {};
    }

    private merged(left: Schema, right: Schema): Schema {
        const all: Schema = { ...left, ...right };
        if (left.properties || right.properties) all.properties = { ...left.properties, ...right.properties };
        if (left.required || right.required) all.required = [...new Set([...(left.required ?? []), ...(right.required ?? [])])];
        return all;
    }

    shape(given: Schema | boolean | undefined, depth: number): Shape {
        const schema = this.plain(given);
        const about: About = { title: schema.title ?? '', doc: tidy(schema.description) };
        if (schema.examples?.length) about.example = schema.examples[0]!;
        if (schema.default !== undefined) about.preset = schema.default;
        if (depth > DEEPEST) return { about, kind: 'json' };
        const optional = this.nullable(schema, about, depth);
        if (optional) return optional;
        if (schema.const !== undefined) return { about, kind: 'const', value: schema.const };
        if (schema.enum) return { about, kind: 'choice', options: schema.enum.map(value => ({ label: labelOf(value), doc: '', value })) };
        const any = schema.oneOf ?? schema.anyOf;
        if (any) return this.variants(schema, any, about, depth);
        const type = Array.isArray(schema.type) ? (schema.type.length === 1 ? schema.type[0] : undefined) : schema.type;
        if (Array.isArray(schema.type) && !type) {
            return this.variants(schema, schema.type.map(type => ({ ...schema, type, title: type, description: '' })), about, depth);
        }
        switch (type ?? (schema.properties ? 'object' : schema.items || schema.prefixItems ? 'array' : undefined)) {
            case 'string': return this.text(schema, about);
            case 'integer':
            case 'number': return this.number(schema, about, type === 'integer');
            case 'boolean': return { about, kind: 'boolean', options: YES_NO };
            case 'null': return { about, kind: 'const', value: null };
            case 'array': return this.array(schema, about, depth);
            case 'object': return this.object(schema, about, depth);
            default: return { about, kind: 'json' };
        }
    }

    /** A schema that allows null besides something else. */
    private nullable(schema: Schema, about: About, depth: number): Shape | null {
        const inner = (rest: Schema): Shape => {
            const shape = this.shape(rest, depth + 1);
            shape.about = { title: about.title || shape.about.title, doc: about.doc || shape.about.doc, ...('example' in about ? { example: about.example! } : 'example' in shape.about ? { example: shape.about.example! } : {}) };
            return { about, kind: 'optional', inner: shape };
        };
        const { default: _, ...bare } = schema;
        if (Array.isArray(schema.type) && schema.type.includes('null') && schema.type.length > 1) {
            const type = schema.type.filter(one => one !== 'null');
            const rest: Schema = { ...bare, type: type.length === 1 ? type[0]! : type };
            if (rest.enum) rest.enum = rest.enum.filter(one => one !== null);
            return inner(rest);
        }
        if (schema.enum && schema.enum.length > 1 && schema.enum.includes(null)) return inner({ ...bare, enum: schema.enum.filter(one => one !== null) });
        if (schema.nullable) return inner({ ...bare, nullable: false });
        for (const of of ['anyOf', 'oneOf'] as const) {
            const isNull = (one: Schema) => one.type === 'null' || one.const === null;
            const all = schema[of];
            if (!all?.some(isNull) || all.length < 2) continue;
            const rest = all.filter(one => !isNull(one));
            const { [of]: __, ...beside } = bare;
            return inner(rest.length === 1 ? { ...this.plain(rest[0]), ...beside } : { ...beside, [of]: rest });
        }
        return null;
    }

    private variants(schema: Schema, any: Schema[], about: About, depth: number): Shape {
        const variants = any.flatMap(one => this.variant(this.plain(one), depth));
        const options = variants.map(({ label, doc, shape, tag }) => (shape.kind === 'const' && !tag ? { label, doc, value: shape.value } : null));
        if (options.every(option => option !== null)) return { about, kind: 'choice', options };
        if (variants.length === 1 && !variants[0]!.tag && !variants[0]!.fixed) {
            const only = variants[0]!.shape;
            return { ...only, about: { ...only.about, ...about, doc: about.doc || only.about.doc } };
        }
        // Fields beside the choice belong to each of its variants.
        if (schema.properties) {
            const beside = this.object({ ...schema, oneOf: undefined as never, anyOf: undefined as never }, about, depth);
            if (beside.kind === 'object' && beside.fields.length) {
                for (const variant of variants) {
                    if (variant.shape.kind === 'object' && !variant.tag) variant.shape = { ...variant.shape, fields: [...beside.fields, ...variant.shape.fields] };
                    else return { about, kind: 'json' };
                }
            }
        }
        return { about, kind: 'variants', options: variants };
    }

    private variant(schema: Schema, depth: number): Variant[] {
        const doc = tidy(schema.description);
        if (schema.enum) return schema.enum.map(value => ({ label: labelOf(value), doc, shape: { about: { title: '', doc: '' }, kind: 'const', value } }));
        if (schema.const !== undefined) {
            const label = schema.title ?? labelOf(schema.const);
            return [{ label, doc, shape: { about: { title: '', doc: '' }, kind: 'const', value: schema.const } }];
        }
        const names = Object.keys(schema.properties ?? {});
        const [only] = names;
        if (only !== undefined && names.length === 1 && schema.required?.[0] === only && schema.additionalProperties === false) {
            const shape = this.shape(schema.properties![only], depth + 1);
            return [{ label: schema.title ?? humane(only), doc: doc || shape.about.doc, shape: { ...shape, about: { ...shape.about, doc: doc ? shape.about.doc : '' } }, tag: only }];
        }
        const fixed: JsonObject = {};
        for (const name of names) {
            const one = this.plain(schema.properties![name]);
            if (one.const !== undefined) fixed[name] = one.const;
        }
        const shape = this.shape({ ...schema, description: '' }, depth + 1);
        const told = Object.values(fixed)[0];
        if (told !== undefined && shape.kind === 'object') {
            const fields = shape.fields.filter(field => !(field.name in fixed));
            return [{ label: schema.title ?? labelOf(told), doc, shape: { ...shape, fields }, fixed }];
        }
        return [{ label: schema.title ?? nameOf(shape), doc, shape }];
    }

    private text(schema: Schema, about: About): Shape {
        if (schema.contentEncoding === 'base64' || ['binary', 'byte'].includes(schema.format ?? '')) return { about, kind: 'file', object: false };
        const { format = '', minLength: min = 0, maxLength: max = Infinity, pattern = '' } = schema;
        const input = FORMATS[format] ?? 'text';
        const long = [about.preset, about.example].some(text => typeof text === 'string' && (text.includes('\n') || text.length > 60));
        const lines = input === 'text' && (long || ['multiline', 'textarea', 'markdown', 'text'].includes(format) || (max > 200 && max < Infinity));
        return { about, kind: 'text', lines, input, format, min, max, pattern };
    }

    private number(schema: Schema, about: About, integer: boolean): Shape {
        const step = integer ? 1 : 0;
        const shape: Shape = { about, kind: 'number', integer };
        const min = schema.minimum ?? (schema.exclusiveMinimum !== undefined ? schema.exclusiveMinimum + step : undefined);
        const max = schema.maximum ?? (schema.exclusiveMaximum !== undefined ? schema.exclusiveMaximum - step : undefined);
        if (min !== undefined) shape.min = min;
        if (max !== undefined) shape.max = max;
        return shape;
    }

    private array(schema: Schema, about: About, depth: number): Shape {
        const { minItems: min = 0, maxItems: max = Infinity } = schema;
        if (schema.prefixItems) return { about, kind: 'tuple', items: schema.prefixItems.map(item => this.shape(item, depth + 1)) };
        const item = this.shape(schema.items, depth + 1);
        // Each of them at most once, or a list of choices that reads better as boxes to tick.
        if (item.kind === 'choice' && schema.uniqueItems) return { about, kind: 'many', options: item.options, min, max };
        return { about, kind: 'list', item: () => item, min, max };
    }

    private object(schema: Schema, about: About, depth: number): Shape {
        const properties = schema.properties ?? {};
        const required = schema.required ?? [];
        const names = Object.keys(properties);
        if (schema.format === 'file' || ['name', 'content_type', 'data'].every(name => name in properties)) return { about, kind: 'file', object: true };
        if (!names.length) {
            const { additionalProperties: more } = schema;
            if (more === undefined || more === true) return { about, kind: schema.type === 'object' && more === true ? 'map' : 'json', item: () => this.shape({}, depth + 1) };
            if (more === false) return { about, kind: 'object', fields: [] };
            return { about, kind: 'map', item: () => this.shape(more, depth + 1) };
        }
        const fields = names.map(name => ({ name, required: required.includes(name), shape: this.shape(properties[name], depth + 1) }));
        // Those that are needed come first, otherwise the order is that of the type.
        return { about, kind: 'object', fields: [...fields.filter(field => field.required), ...fields.filter(field => !field.required)] };
    }
}

function nameOf(shape: Shape): string {
    const names: Record<string, string> = { text: 'Text', number: 'Number', boolean: 'Yes or no', list: 'List', object: 'Fields', map: 'Names and values', file: 'File', json: 'JSON' };
    return names[shape.kind] ?? humane(shape.kind);
}

function labelOf(value: Json): string {
    return typeof value === 'string' ? humane(value) : JSON.stringify(value);
}
