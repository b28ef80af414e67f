/** A form for the values of a JSON Schema. */
import { signal } from '../signals.ts';
import { useMemo } from '../hooks.ts';
import { ApiError, wordsOf } from '../api.ts';
import { placed } from '../json.ts';
import type { Json, Schema } from '../types.ts';
import { Button } from '../ui/Button.tsx';
import { Wrong } from '../ui/wrong.tsx';
import { Field } from './field.ts';
import { FieldView, InnerViews, focusIn } from './fields.tsx';
import { byField, embedded } from './served.ts';
import { type Shape, shapeOf } from './shape.ts';

/** A form and what is in it. */
export class Form {
    readonly shape: Shape;
    readonly root;
    /** All of it as text while it is edited so; null while it is edited field by field. */
    readonly raw = signal<Field | null>(null);
    /** What is wrong and belongs to no field. */
    readonly rest = signal<string[]>([]);
    readonly busy = signal(false);

    constructor(schema: Schema, private readonly label: string, initial?: Json) {
        this.shape = shapeOf(schema);
        // What is around the form has told already what it is for.
        this.shape.about.doc = '';
        this.root = signal(new Field(this.shape, initial, label));
    }

    /** The fields by their pointers. An object is none: it shows no error of its own. */
    private places(): Map<string, Field> {
        const places = (this.raw.value ?? this.root.value).places();
        if (places.get('')?.shape.kind === 'object') places.delete('');
        return places;
    }

    /** The fields that something is wrong with. */
    wrong(): Field[] {
        return [...this.places().values()].filter(field => field.error.value);
    }

    /** Takes back what was wrong. */
    calm(): void {
        this.rest.value = [];
        for (const field of this.wrong()) field.error.value = '';
    }

    private focusWrong(): void {
        const first = this.wrong()[0];
        if (first) queueMicrotask(() => focusIn(document.getElementById(first.id)));
    }

    /** The value and its files, if nothing is wrong; otherwise that is shown. */
    read(): { value: Json; files: Map<string, Field> } | null {
        const files = new Map<string, Field>();
        this.rest.value = [];
        const value = (this.raw.value ?? this.root.value).read(files) ?? null;
        this.focusWrong();
        return this.wrong().length ? null : { value, files };
    }

    /** As `read`, with the files in the value. */
    async readWhole(): Promise<{ value: Json } | null> {
        const read = this.read();
        if (!read) return null;
        for (const [pointer, field] of read.files) read.value = placed(read.value, pointer, await embedded(field));
        return read;
    }

    /** Does something with the form while it is busy, and shows what the server says to it. */
    async send(act: () => Promise<void>): Promise<void> {
        this.busy.value = true;
        try {
            await act();
        } catch (error) {
            const { fields, rest } = byField(error instanceof ApiError ? error.errors : [], this.places());
            this.calm();
            for (const [at, words] of fields) this.places().get(at)!.error.value = words;
            this.rest.value = fields.size || rest.length ? rest : [wordsOf(error)];
            this.focusWrong();
        }
        this.busy.value = false;
    }

    /** From fields to text and back. */
    flip(): void {
        if (this.raw.value) {
            const read = this.read();
            if (!read) return;
            this.root.value = new Field(this.shape, read.value, this.label);
            this.raw.value = null;
        } else {
            const value = this.root.value.read(new Map()) ?? null;
            this.raw.value = new Field({ kind: 'json', about: { title: '', doc: '' } }, value, `${this.label} as JSON`);
        }
        this.calm();
    }
}

/** A form of one schema that lives as long as `key` stays the same. */
export function useForm(schema: Schema, label: string, key: string, initial?: Json, begin?: (root: Field) => void): Form {
    return useMemo(() => {
        const form = new Form(schema, label, initial);
        begin?.(form.root.value);
        return form;
    }, [key]);
}

/** The fields of a form. What is around them, and the button, is the caller's. */
export function Fields({ form }: { form: Form }) {
    const { raw: { value: raw }, root: { value: root } } = form;
    const { length } = form.wrong();
    return (
        <div class="fields" onInput={() => form.calm()}>
            {!raw && root.shape.kind === 'object' ? <InnerViews field={root} /> : <FieldView key={raw} field={raw ?? root} bare={!raw} />}
            <Wrong words={length > 1 ? [`${length} fields need another look.`, ...form.rest.value] : form.rest.value} />
        </div>
    );
}

/** The button that turns a form into text and back. */
export function FlipButton({ form }: { form: Form }) {
    if (form.shape.kind === 'json') return null;
    return <Button class="quiet" icon="code" onClick={() => form.flip()}>{form.raw.value ? 'Edit as form' : 'Edit as JSON'}</Button>;
}
