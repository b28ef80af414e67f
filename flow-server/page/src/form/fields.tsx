/** The fields of a form, one for every kind of shape. */
import type { ComponentChildren } from 'preact';
import { Icon } from '../ui/Icon.tsx';
import { type Draft, fill, isPlain, newItem, step } from './draft.ts';
import { type Shape, humane } from './shape.ts';

export interface FieldProps {
    shape: Shape;
    draft: Draft;
    change(draft: Draft): void;
    /** JSON pointer of the value; the field's id is that after the form's. */
    at: string;
    form: string;
    label: string;
    required: boolean;
    errors: ReadonlyMap<string, string>;
    /** Whether what is around it has said the label already. */
    bare?: boolean;
}

/** Names of texts that tend to have more than one line. */
const LONG = /(^|_)(feedback|comment|text|body|description|message|notes?|content|reason|summary|prompt|instructions)$/i;

export function Field(props: FieldProps) {
    const { shape, draft } = props;
    switch (shape.kind) {
        case 'text':
        case 'number':
        case 'json':
            return draft.kind === 'text' ? <TextField {...props} draft={draft} /> : null;
        case 'boolean': return draft.kind === 'boolean' ? <BooleanField {...props} draft={draft} /> : null;
        case 'choice': return draft.kind === 'choice' ? <ChoiceField {...props} draft={draft} options={shape.options} /> : null;
        case 'many': return draft.kind === 'many' ? <ManyField {...props} draft={draft} options={shape.options} /> : null;
        case 'file': return draft.kind === 'file' ? <FileField {...props} draft={draft} /> : null;
        case 'object': return draft.kind === 'object' ? <Group {...props}><ObjectFields {...props} draft={draft} /></Group> : null;
        case 'list': return draft.kind === 'list' ? <ListField {...props} draft={draft} /> : null;
        case 'tuple': return draft.kind === 'tuple' ? <TupleField {...props} draft={draft} /> : null;
        case 'map': return draft.kind === 'map' ? <MapField {...props} draft={draft} /> : null;
        case 'variants': return draft.kind === 'variants' ? <VariantsField {...props} draft={draft} /> : null;
        case 'optional': return draft.kind === 'optional' ? <OptionalField {...props} draft={draft} /> : null;
        case 'const': return null;
    }
}

/** What is at every field: its id, and what describes it. */
function wiring({ form, at, shape, errors }: FieldProps) {
    const id = form + at;
    const error = errors.get(at);
    const described = [shape.about.doc && `${id}?doc`, error && `${id}?error`].filter(Boolean).join(' ');
    return { id, error, described: described || undefined };
}

function Doc({ id, doc }: { id: string; doc: string }) {
    return doc ? <p class="field-doc" id={`${id}?doc`}>{doc}</p> : null;
}

function Wrong({ id, error }: { id: string; error: string | undefined }) {
    return error ? <p class="field-error" id={`${id}?error`}><Icon name="warn" /> {error}</p> : null;
}

function Labelled(props: FieldProps & { children: ComponentChildren }) {
    const { id, error } = wiring(props);
    const { label, required, shape, children, bare } = props;
    return (
        <div class={`field${error ? ' is-wrong' : ''}`}>
            <label for={id} class={bare ? 'hidden' : ''}>{label}{!required && <span class="optional"> optional</span>}</label>
            <Doc id={id} doc={shape.about.doc} />
            {children}
            <Wrong id={id} error={error} />
        </div>
    );
}

/** Several fields that belong together. */
function Group(props: FieldProps & { children: ComponentChildren; action?: ComponentChildren }) {
    const { id, error, described } = wiring(props);
    if (props.bare) {
        return <div id={id} tabIndex={-1} role="group" aria-label={props.label} aria-describedby={described}><Doc id={id} doc={props.shape.about.doc} />{props.children}<Wrong id={id} error={error} /></div>;
    }
    return (
        <fieldset id={id} tabIndex={-1} class={`group${error ? ' is-wrong' : ''}`} aria-describedby={described}>
            <legend>{props.label}{!props.required && <span class="optional"> optional</span>}</legend>
            {props.action}
            <Doc id={id} doc={props.shape.about.doc} />
            {props.children}
            <Wrong id={id} error={error} />
        </fieldset>
    );
}

type Of<K extends Draft['kind']> = FieldProps & { draft: Draft & { kind: K } };

function TextField(props: Of<'text'>) {
    const { shape, draft, change, required, label, at } = props;
    const { id, error, described } = wiring(props);
    const example = shape.about.example;
    const placeholder = example === undefined ? undefined : typeof example === 'string' ? example : JSON.stringify(example);
    const common = {
        id,
        value: draft.text,
        placeholder,
        'aria-required': required || undefined,
        'aria-invalid': error ? true : undefined,
        'aria-describedby': described,
        onInput: (event: Event) => change({ kind: 'text', text: (event.currentTarget as HTMLInputElement).value }),
    };
    const name = at.slice(at.lastIndexOf('/') + 1) || label;
    if (shape.kind === 'json') return <Labelled {...props}><textarea {...common} class="code" rows={3} spellcheck={false} placeholder={placeholder ?? 'JSON'} /></Labelled>;
    if (shape.kind === 'number') return <Labelled {...props}><input {...common} class="number" inputMode={shape.integer ? 'numeric' : 'decimal'} autocomplete="off" /></Labelled>;
    if (shape.kind !== 'text') return null;
    if (shape.lines || (shape.input === 'text' && (draft.text.includes('\n') || LONG.test(name)))) return <Labelled {...props}><textarea {...common} rows={3} /></Labelled>;
    const wide = shape.input === 'text' || shape.input === 'email' || shape.input === 'url' || shape.input === 'password';
    return <Labelled {...props}><input {...common} type={shape.input as 'text'} step={shape.input === 'datetime-local' || shape.input === 'time' ? 1 : undefined} class={wide ? '' : 'short'} autocomplete="off" /></Labelled>;
}

function BooleanField(props: Of<'boolean'>) {
    const { draft, change, required, label, shape, at } = props;
    const { id, error, described } = wiring(props);
    if (at === '' || !required) {
        const options = [{ label: 'Yes', doc: '', value: true }, { label: 'No', doc: '', value: false }];
        const as = draft.on === null ? -1 : draft.on ? 0 : 1;
        return <ChoiceField {...props} draft={{ kind: 'choice', at: as }} options={options} change={next => change({ kind: 'boolean', on: next.kind !== 'choice' || next.at < 0 ? null : next.at === 0 })} />;
    }
    return (
        <div class={`field${error ? ' is-wrong' : ''}`}>
            <label class="check">
                <input type="checkbox" id={id} checked={draft.on === true} aria-describedby={described} onChange={event => change({ kind: 'boolean', on: event.currentTarget.checked })} />
                <span>{label}</span>
            </label>
            <Doc id={id} doc={shape.about.doc} />
            <Wrong id={id} error={error} />
        </div>
    );
}

function ChoiceField(props: FieldProps & { draft: Draft & { kind: 'choice' }; options: { label: string; doc: string }[] }) {
    const { draft, change, options, required, label } = props;
    const { id, error, described } = wiring(props);
    const documented = options.some(option => option.doc);
    if (options.length > 6 || (options.length > 3 && !documented && !props.bare)) {
        return (
            <Labelled {...props}>
                <select id={id} aria-required={required || undefined} aria-invalid={error ? true : undefined} aria-describedby={described} value={String(draft.at)} onChange={event => change({ kind: 'choice', at: Number(event.currentTarget.value) })}>
                    <option value="-1">{required ? 'Choose…' : '–'}</option>
                    {options.map((option, index) => <option key={index} value={String(index)}>{option.label}{option.doc ? ` – ${option.doc}` : ''}</option>)}
                </select>
            </Labelled>
        );
    }
    return (
        <Group {...props}>
            <div class={documented ? 'cards' : 'cards is-row'} role="radiogroup" aria-label={label} aria-required={required || undefined}>
                {options.map((option, index) => (
                    <label key={index} class="card-choice">
                        <input type="radio" name={id} checked={draft.at === index} onChange={() => change({ kind: 'choice', at: index })} />
                        <span><b>{option.label}</b>{option.doc && <small>{option.doc}</small>}</span>
                    </label>
                ))}
                {!required && draft.at >= 0 && <button type="button" class="quiet" onClick={() => change({ kind: 'choice', at: -1 })}>Neither</button>}
            </div>
        </Group>
    );
}

function ManyField(props: Of<'many'> & { options: { label: string; doc: string }[] }) {
    const { draft, change, options } = props;
    const flip = (index: number, on: boolean) => change({ kind: 'many', on: on ? [...draft.on, index] : draft.on.filter(one => one !== index) });
    return (
        <Group {...props}>
            <div class={options.some(option => option.doc) ? 'cards' : 'cards is-row'}>
                {options.map((option, index) => (
                    <label key={index} class="card-choice">
                        <input type="checkbox" checked={draft.on.includes(index)} onChange={event => flip(index, event.currentTarget.checked)} />
                        <span><b>{option.label}</b>{option.doc && <small>{option.doc}</small>}</span>
                    </label>
                ))}
            </div>
        </Group>
    );
}

function FileField(props: Of<'file'>) {
    const { draft, change, required } = props;
    const { id, error, described } = wiring(props);
    const size = (bytes: number) => (bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
    return (
        <Labelled {...props}>
            <div class="file">
                <input type="file" id={id} aria-required={required || undefined} aria-invalid={error ? true : undefined} aria-describedby={described} onChange={event => change({ ...draft, file: event.currentTarget.files?.[0] ?? null })} />
                {draft.file && <span class="muted">{size(draft.file.size)}</span>}
            </div>
        </Labelled>
    );
}

/** The fields of an object, without anything around them. */
export function ObjectFields(props: Of<'object'>) {
    const { shape, draft, change, at, form, errors } = props;
    if (shape.kind !== 'object') return null;
    if (!shape.fields.length) return <p class="muted">Nothing to fill in.</p>;
    return (
        <>
            {shape.fields.map(field => {
                const label = field.shape.about.title || humane(field.name);
                const absent = draft.absent.includes(field.name);
                if (absent) {
                    const add = () => change({ ...draft, absent: draft.absent.filter(name => name !== field.name) });
                    return <div key={field.name} class="field"><button type="button" class="add" onClick={add}><Icon name="plus" /> {label}</button> <span class="optional">optional</span></div>;
                }
                const set = (next: Draft) => change({ ...draft, fields: { ...draft.fields, [field.name]: next } });
                const leave = () => change({ ...draft, absent: [...draft.absent, field.name] });
                const removable = !field.required && !isPlain(field.shape) && field.shape.kind !== 'optional';
                return (
                    <div key={field.name} class="removable">
                        <Field shape={field.shape} draft={draft.fields[field.name]!} change={set} at={at + step(field.name)} form={form} label={label} required={field.required} errors={errors} />
                        {removable && <button type="button" class="icon-button remove" aria-label={`Leave out ${label}`} onClick={leave}><Icon name="cross" /></button>}
                    </div>
                );
            })}
        </>
    );
}

function OptionalField(props: Of<'optional'>) {
    const { shape, draft, change, label } = props;
    if (shape.kind !== 'optional') return null;
    if (!draft.on) {
        return <div class="field"><button type="button" class="add" id={props.form + props.at} onClick={() => change({ ...draft, on: true })}><Icon name="plus" /> {label}</button> <span class="optional">optional</span>{shape.inner.about.doc && <p class="field-doc">{shape.inner.about.doc}</p>}</div>;
    }
    const inner = <Field {...props} shape={shape.inner} draft={draft.draft} required={false} change={next => change({ ...draft, draft: next })} />;
    if (isPlain(shape.inner)) return inner;
    return <div class="removable">{inner}<button type="button" class="icon-button remove" aria-label={`Leave out ${label}`} onClick={() => change({ ...draft, on: false })}><Icon name="cross" /></button></div>;
}

function ListField(props: Of<'list'>) {
    const { shape, draft, change, at, form, errors, label } = props;
    if (shape.kind !== 'list') return null;
    const item = shape.item();
    const set = (index: number, next: Draft) => change({ ...draft, items: draft.items.map((one, other) => (other === index ? { ...one, draft: next } : one)) });
    const remove = (index: number) => change({ ...draft, items: draft.items.filter((_, other) => other !== index) });
    const add = () => {
        change({ ...draft, items: [...draft.items, newItem(item)] });
        // What was added is what one goes on with.
        requestAnimationFrame(() => focusIn(document.getElementById(form + at + step(draft.items.length))));
    };
    const of = (index: number) => `${item.about.title || label} ${index + 1}`;
    return (
        <Group {...props}>
            <ol class={isPlain(item) ? 'items is-plain' : 'items'}>
                {draft.items.map(({ id, draft: one }, index) => (
                    <li key={id}>
                        <Field shape={item} draft={one} change={next => set(index, next)} at={at + step(index)} form={form} label={of(index)} required errors={errors} bare={isPlain(item)} />
                        <button type="button" class="icon-button remove" aria-label={`Remove ${of(index)}`} onClick={() => remove(index)}><Icon name="cross" /></button>
                    </li>
                ))}
            </ol>
            {draft.items.length < shape.max && <button type="button" class="add" onClick={add}><Icon name="plus" /> Add {(item.about.title || 'one').toLowerCase()}</button>}
        </Group>
    );
}

function TupleField(props: Of<'tuple'>) {
    const { shape, draft, change, at, form, errors } = props;
    if (shape.kind !== 'tuple') return null;
    const set = (index: number, next: Draft) => change({ ...draft, items: draft.items.map((one, other) => (other === index ? next : one)) });
    return (
        <Group {...props}>
            <div class="tuple">
                {shape.items.map((item, index) => <Field key={index} shape={item} draft={draft.items[index]!} change={next => set(index, next)} at={at + step(index)} form={form} label={item.about.title || `Part ${index + 1}`} required errors={errors} />)}
            </div>
        </Group>
    );
}

function MapField(props: Of<'map'>) {
    const { shape, draft, change, at, form, errors, label } = props;
    if (shape.kind !== 'map') return null;
    const value = shape.value();
    const set = (index: number, next: Partial<(typeof draft.entries)[number]>) => change({ ...draft, entries: draft.entries.map((one, other) => (other === index ? { ...one, ...next } : one)) });
    const remove = (index: number) => change({ ...draft, entries: draft.entries.filter((_, other) => other !== index) });
    const add = () => change({ ...draft, entries: [...draft.entries, { ...newItem(value), name: '' }] });
    return (
        <Group {...props}>
            <ol class="items is-plain">
                {draft.entries.map(({ id, name, draft: one }, index) => (
                    <li key={id} class="entry">
                        <input value={name} aria-label={`Name of entry ${index + 1}`} placeholder="Name" onInput={event => set(index, { name: event.currentTarget.value })} />
                        <Field shape={value} draft={one} change={next => set(index, { draft: next })} at={at + step(name)} form={form} label={`${label}, entry ${index + 1}`} required errors={errors} bare={isPlain(value)} />
                        <button type="button" class="icon-button remove" aria-label={`Remove entry ${index + 1}`} onClick={() => remove(index)}><Icon name="cross" /></button>
                    </li>
                ))}
            </ol>
            <button type="button" class="add" onClick={add}><Icon name="plus" /> Add one</button>
        </Group>
    );
}

function VariantsField(props: Of<'variants'>) {
    const { shape, draft, change, at, form, errors, label } = props;
    if (shape.kind !== 'variants') return null;
    const choose = (index: number) => {
        const drafts = draft.drafts.map((one, other) => (other === index ? one ?? fill(shape.variants[index]!.shape) : one));
        change({ kind: 'variants', at: index, drafts });
    };
    const set = (next: Draft) => change({ ...draft, drafts: draft.drafts.map((one, other) => (other === draft.at ? next : one)) });
    const id = form + at;
    return (
        <Group {...props}>
            <div class="cards" role="radiogroup" aria-label={label}>
                {shape.variants.map((variant, index) => {
                    const here = draft.at === index;
                    const inner = draft.drafts[index];
                    return (
                        <div key={index} class={`card-choice${here ? ' is-open' : ''}`}>
                            <label>
                                <input type="radio" name={id} checked={here} onChange={() => choose(index)} />
                                <span><b>{variant.label}</b>{variant.doc && <small>{variant.doc}</small>}</span>
                            </label>
                            {here && inner && variant.shape.kind !== 'const' && (
                                <div class="card-inside">
                                    <Field shape={variant.shape} draft={inner} change={set} at={variant.tag === undefined ? at : at + step(variant.tag)} form={form} label={variant.label} required errors={errors} bare={variant.shape.kind === 'object' || variant.shape.kind === 'variants'} />
                                </div>
                            )}
                        </div>
                    );
                })}
            </div>
        </Group>
    );
}

/** Puts the focus on a field, or on the first one inside. */
export function focusIn(element: HTMLElement | null): void {
    const first = element?.matches('input,select,textarea') ? element : element?.querySelector<HTMLElement>('input,select,textarea,button') ?? element;
    first?.focus();
}
