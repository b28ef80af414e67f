/** Fields in which one chooses: yes or no, one of several, many of them, or one with fields of its own. */
import { Button } from '../ui/Button.tsx';
import { FieldView } from './fields.tsx';
import { Doc, FieldError, Frame, type Props, described, wired } from './frame.tsx';
import type { Of } from './shape.ts';

export function OptionsView(props: Props) {
    const { field, label, bare } = props;
    const { chosen, required } = field;
    const shape = field.shape as Of<'boolean' | 'choice' | 'many' | 'variants'>;
    if (shape.kind === 'boolean' && required) return <CheckView {...props} />;
    const { options } = shape;
    const told = shape.kind === 'variants' || options.some(option => option.doc);
    if (shape.kind === 'choice' && (options.length > 6 || (options.length > 3 && !told && !bare))) return <SelectView {...props} />;
    const many = shape.kind === 'many';
    return (
        <Frame group {...props}>
            <div class={told ? 'cards' : 'cards is-row'} {...(!many && { role: 'radiogroup', 'aria-label': label, 'aria-required': required })}>
                {options.map((option, index) => {
                    const here = chosen.value.includes(index);
                    const inner = here ? field.inner.value[index] : undefined;
                    return (
                        <div class="card-choice">
                            <label>
                                <input type={many ? 'checkbox' : 'radio'} name={field.id} checked={here} onInput={() => field.choose(index)} />
                                <span><b>{option.label}</b>{option.doc && <small>{option.doc}</small>}</span>
                            </label>
                            {inner && inner.shape.kind !== 'const' && <div class="card-inside"><FieldView key={inner.id} field={inner} bare={['object', 'variants'].includes(inner.shape.kind)} /></div>}
                        </div>
                    );
                })}
                {!required && !field.removable && !many && chosen.value.length > 0 && <Button class="quiet" onClick={() => { chosen.value = []; }}>Neither</Button>}
            </div>
        </Frame>
    );
}

function CheckView({ field, label }: Props) {
    const { chosen } = field;
    return (
        <div class="field">
            <label class="check">
                <input {...described(field)} type="checkbox" checked={chosen.value[0] === 0} onInput={event => field.choose(event.currentTarget.checked ? 0 : 1)} />
                <span>{label}</span>
            </label>
            <Doc field={field} />
            <FieldError field={field} />
        </div>
    );
}

function SelectView(props: Props) {
    const { field } = props;
    const { chosen, required } = field;
    return (
        <Frame {...props}>
            <select {...wired(field)} value={String(chosen.value[0] ?? -1)} onInput={event => { chosen.value = [Number(event.currentTarget.value)]; }}>
                <option value="-1">{required ? 'Choose…' : '–'}</option>
                {(field.shape as Of<'choice'>).options.map((option, index) => <option value={index}>{option.label}{option.doc && ` – ${option.doc}`}</option>)}
            </select>
        </Frame>
    );
}
