/** What the fields of a form look like: one view for every kind of shape. */
import type { FunctionComponent } from 'preact';
import { Button } from '../ui/Button.tsx';
import { type Field, isPlain } from './field.ts';
import { Doc, Frame, type Props, wired } from './frame.tsx';
import { OptionsView } from './options.tsx';
import type { Of, Shape } from './shape.ts';

/** Names of texts that tend to have more than one line. */
const LONG = /(^|_)(feedback|comment|text|body|description|message|notes?|content|reason|summary|prompt)$/i;

const VIEWS: Record<Exclude<Shape['kind'], 'optional'>, FunctionComponent<Props>> = {
    text: TextView,
    number: TextView,
    json: TextView,
    boolean: OptionsView,
    choice: OptionsView,
    many: OptionsView,
    variants: OptionsView,
    file: FileView,
    object: props => <Frame group {...props}><InnerViews {...props} /></Frame>,
    tuple: props => <Frame group {...props}><div class="tuple"><InnerViews {...props} /></div></Frame>,
    list: ListView,
    map: ListView,
    const: () => null,
};

export function FieldView(props: Props) {
    const { field, label = field.label } = props;
    const { shape, there, removable } = field;
    if (!there.value) return <div class="field"><Button id={field.id} class="add" icon="plus" onClick={() => { there.value = true; }}>{label}</Button> <span class="optional">optional</span><Doc field={field} /></div>;
    const View = VIEWS[shape.kind];
    const view = <View {...props} label={label} />;
    return removable ? <div class="removable">{view}<Remove label={`Leave out ${label}`} act={() => { there.value = false; }} /></div> : view;
}

/** The fields of an object or a tuple, without anything around them. */
export function InnerViews({ field }: Props) {
    const fields = field.inner.value;
    return fields.length ? <>{fields.map(one => <FieldView key={one.id} field={one} />)}</> : <p class="muted">Nothing to fill in.</p>;
}

function TextView(props: Props) {
    const { field } = props;
    const { shape, text } = field;
    const { example } = shape.about;
    const all = {
        ...wired(field),
        value: text.value,
        placeholder: example === undefined || typeof example === 'string' ? example : JSON.stringify(example),
        autocomplete: 'off',
        readOnly: props.readOnly,
        onInput: (event: Event) => { text.value = (event.currentTarget as HTMLInputElement).value; },
    };
    return <Frame {...props}>{inputOf(shape as Of<'text' | 'number' | 'json'>, field, all)}</Frame>;
}

function inputOf(shape: Of<'text' | 'number' | 'json'>, { text, name, label }: Field, all: { placeholder: string | undefined }) {
    const lines = text.value.split('\n').length;
    if (shape.kind === 'json') return <textarea {...all} class="code" rows={Math.min(12, Math.max(3, lines))} spellcheck={false} placeholder={all.placeholder ?? 'JSON'} />;
    if (shape.kind === 'number') return <input {...all} class="number" inputMode={shape.integer ? 'numeric' : 'decimal'} />;
    const { input } = shape;
    if (shape.lines || (input === 'text' && (lines > 1 || LONG.test(name.value || label)))) return <textarea {...all} rows={3} />;
    return <input {...all} type={input as 'text'} step={/time/.test(input) ? 1 : undefined} class={/time|date/.test(input) ? 'short' : ''} />;
}

function FileView(props: Props) {
    const { field } = props;
    const { file } = field;
    const size = (bytes: number) => (bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
    return (
        <Frame {...props}>
            <div class="file">
                <input {...wired(field)} type="file" onInput={event => { file.value = event.currentTarget.files?.[0] ?? null; }} />
                {file.value && <span class="muted">{size(file.value.size)}</span>}
            </div>
        </Frame>
    );
}

/** A list, or a map, whose entries have names. */
function ListView(props: Props) {
    const { field, label } = props;
    const { inner } = field;
    const shape = field.shape as Of<'list' | 'map'>;
    const map = shape.kind === 'map';
    const item = shape.item();
    const plain = isPlain(item);
    const add = () => {
        const { id } = field.add();
        // What was added is what one goes on with.
        queueMicrotask(() => focusIn(document.getElementById(id)?.closest('li')));
    };
    return (
        <Frame group {...props}>
            <ol class={map || plain ? 'items is-plain' : 'items'}>
                {inner.value.map((one, index) => {
                    const entry = `entry ${index + 1}`;
                    const named = map ? `${label}, ${entry}` : `${one.label} ${index + 1}`;
                    return (
                        <li key={one.id} class={map ? 'entry' : ''}>
                            {map && <input value={one.name.value} aria-label={`Name of ${entry}`} placeholder="Name" onInput={event => { one.name.value = event.currentTarget.value; }} />}
                            <FieldView field={one} label={named} bare={plain} />
                            <Remove label={`Remove ${map ? entry : named}`} act={() => { inner.value = inner.value.filter(other => other !== one); }} />
                        </li>
                    );
                })}
            </ol>
            {(map || inner.value.length < shape.max) && <Button class="add" icon="plus" onClick={add}>Add {(item.about.title || 'one').toLowerCase()}</Button>}
        </Frame>
    );
}

function Remove({ label, act }: { label: string; act: () => void }) {
    return <Button class="icon-button remove" icon="cross" label={label} onClick={act} />;
}

/** Puts the focus on a field, or on the first one inside. */
export function focusIn(element: HTMLElement | null | undefined): void {
    const inputs = 'input,select,textarea';
    (element?.matches(inputs) ? element : element?.querySelector<HTMLElement>(`${inputs},button`) ?? element)?.focus();
}
