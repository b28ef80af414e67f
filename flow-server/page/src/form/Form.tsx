/** A form for the values of a JSON Schema. */
import { type Signal, signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { ApiError, wordsOf } from '../api.ts';
import type { Json, Schema } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { type Draft, byField, collect, embedded, fill, placed, pointers } from './draft.ts';
import { Field, ObjectFields, focusIn } from './fields.tsx';
import { type Shape, shapeOf } from './shape.ts';

let forms = 0;

/** A form and what is in it. */
export class FormState {
    readonly id = `f${(forms += 1)}`;
    readonly shape: Shape;
    readonly draft: Signal<Draft>;
    /** The value as text while it is edited so; null while it is edited field by field. */
    readonly text = signal<string | null>(null);
    readonly errors = signal<ReadonlyMap<string, string>>(new Map());
    /** What is wrong and belongs to no field. */
    readonly rest = signal<string[]>([]);
    readonly busy = signal(false);

    constructor(schema: Schema, initial?: Json, edit?: (shape: Shape, draft: Draft) => Draft) {
        this.shape = shapeOf(schema);
        const draft = fill(this.shape, initial);
        this.draft = signal(edit?.(this.shape, draft) ?? draft);
    }

    /** The value and its files, if nothing is wrong; otherwise the errors are shown. */
    read(): { value: Json; files: Map<string, File> } | null {
        if (this.text.value !== null) {
            try {
                const value = JSON.parse(this.text.value) as Json;
                this.show(new Map(), []);
                return { value, files: new Map() };
            } catch (error) {
                return this.show(new Map([['', `This is not JSON: ${(error as Error).message}`]]), []), null;
            }
        }
        const { value, errors, files } = collect(this.shape, this.draft.value);
        this.show(errors, []);
        return errors.size ? null : { value, files };
    }

    /** As `read`, with the files in the value. */
    async readWhole(): Promise<{ value: Json } | null> {
        const read = this.read();
        if (!read) return null;
        let value = read.value;
        for (const [pointer, file] of read.files) value = placed(value, pointer, await embedded(this.fileKind(pointer), file));
        return { value };
    }

    private fileKind(pointer: string): 'object' | 'text' {
        const found = shapeAt(this.shape, this.draft.value, pointer);
        return found?.kind === 'file' && !found.object ? 'text' : 'object';
    }

    /** Whether all files are to be sent as parts of their own. */
    hasFileObjects(files: Map<string, File>): boolean {
        return files.size > 0 && [...files.keys()].every(pointer => this.fileKind(pointer) === 'object');
    }

    /** Shows what the server said to the value. */
    refuse(error: unknown): void {
        if (error instanceof ApiError && error.errors.length) {
            const known = this.text.value === null ? pointers(this.shape, this.draft.value) : [];
            const { fields, rest } = byField(error.errors, known);
            this.show(fields, rest);
        } else this.show(new Map(), [wordsOf(error)]);
    }

    private show(fields: Map<string, string>, rest: string[]): void {
        this.errors.value = fields;
        this.rest.value = rest;
        const first = pointers(this.shape, this.draft.value).find(pointer => fields.has(pointer)) ?? (fields.has('') ? '' : undefined);
        if (first !== undefined) requestAnimationFrame(() => focusIn(document.getElementById(this.id + first)));
    }

    /** From fields to text and back. */
    flip(): void {
        this.show(new Map(), []);
        if (this.text.value === null) {
            this.text.value = JSON.stringify(collect(this.shape, this.draft.value).value, null, 2);
            return;
        }
        const read = this.read();
        if (!read) return;
        this.draft.value = fill(this.shape, read.value);
        this.text.value = null;
    }
}

function shapeAt(shape: Shape, draft: Draft, pointer: string, at = ''): Shape | null {
    if (at === pointer && shape.kind !== 'optional' && shape.kind !== 'variants') return shape;
    if (shape.kind === 'optional' && draft.kind === 'optional') return shapeAt(shape.inner, draft.draft, pointer, at);
    if (shape.kind === 'object' && draft.kind === 'object') {
        for (const field of shape.fields) {
            const found = pointer.startsWith(`${at}/${field.name}`) && shapeAt(field.shape, draft.fields[field.name]!, pointer, `${at}/${field.name}`);
            if (found) return found;
        }
    }
    if (shape.kind === 'list' && draft.kind === 'list') {
        const index = Number(pointer.slice(at.length + 1).split('/')[0]);
        const item = draft.items[index];
        return item ? shapeAt(shape.item(), item.draft, pointer, `${at}/${index}`) : null;
    }
    if (shape.kind === 'variants' && draft.kind === 'variants') {
        const variant = shape.variants[draft.at], inner = draft.drafts[draft.at];
        return variant && inner ? shapeAt(variant.shape, inner, pointer, variant.tag === undefined ? at : `${at}/${variant.tag}`) : null;
    }
    return null;
}

/** A form of one schema that lives as long as `key` stays the same. */
export function useForm(schema: Schema, key: string, initial?: Json, edit?: (shape: Shape, draft: Draft) => Draft): FormState {
    return useMemo(() => new FormState(schema, initial, edit), [key]);
}

/** The fields of a form. What is around them, and the button, is the caller's. */
export function Fields({ form, label }: { form: FormState; label: string }) {
    const { shape, id } = form;
    const errors = form.errors.value;
    const rest = form.rest.value;
    const change = (draft: Draft) => {
        form.draft.value = draft;
        if (errors.size) form.errors.value = new Map();
    };
    const text = form.text.value;
    const error = errors.get('');
    return (
        <div class="fields">
            {text !== null ? (
                <div class={`field${error ? ' is-wrong' : ''}`}>
                    <label for={`${id}`}>{label} as JSON</label>
                    <textarea id={`${id}`} class="code" rows={12} spellcheck={false} value={text} aria-invalid={error ? true : undefined} aria-describedby={error ? `${id}?error` : undefined} onInput={event => { form.text.value = event.currentTarget.value; }} />
                    {error && <p class="field-error" id={`${id}?error`}><Icon name="warn" /> {error}</p>}
                </div>
            ) : shape.kind === 'object' && form.draft.value.kind === 'object' ? (
                <ObjectFields shape={shape} draft={form.draft.value} change={change} at="" form={id} label={label} required errors={errors} />
            ) : (
                <Field shape={{ ...shape, about: { ...shape.about, doc: '' } }} draft={form.draft.value} change={change} at="" form={id} label={label} required errors={errors} bare />
            )}
            {(rest.length > 0 || errors.size > 1) && (
                <div class="notice is-wrong" role="alert">
                    {errors.size > 1 && <p>{errors.size} fields need another look.</p>}
                    {rest.map(words => <p key={words}>{words}</p>)}
                </div>
            )}
        </div>
    );
}

/** The button that turns a form into text and back. */
export function FlipButton({ form }: { form: FormState }) {
    if (form.shape.kind === 'json') return null;
    return <button type="button" class="quiet" onClick={() => form.flip()}><Icon name="code" /> {form.text.value === null ? 'Edit as JSON' : 'Edit as form'}</button>;
}
