/** What all fields of a form have around them. */
import type { ComponentChildren } from 'preact';
import { Icon } from '../ui/Icon.tsx';
import type { Field } from './field.ts';

export interface Props {
    field: Field;
    /** Where it stands among others, if its own label does not say that. */
    label?: string;
    /** Whether what is around it has said its label already. */
    bare?: boolean;
    /** Whether it can only be read. */
    readOnly?: boolean;
}

/** What is around every field: its label, what it is for, and what is wrong. A group has others in it. */
export function Frame({ field, label, bare, group, children }: Props & { group?: boolean; children: ComponentChildren }) {
    const [Tag, Label] = group ? (['fieldset', 'legend'] as const) : (['div', 'label'] as const);
    return (
        <Tag {...(group ? { ...described(field), tabIndex: -1 } : {})} class={group ? (bare ? 'plain' : 'group') : 'field'}>
            <Label for={group ? undefined : field.id} class={bare ? 'hidden' : ''}>{label}{!field.required && <span class="optional"> optional</span>}</Label>
            <Doc field={field} />
            {children}
            <FieldError field={field} />
        </Tag>
    );
}

export function Doc({ field: { id, shape: { about: { doc } } } }: Props) {
    return doc ? <p class="field-doc" id={`${id}-doc`}>{doc}</p> : null;
}

export function FieldError({ field: { id, error } }: Props) {
    return error.value ? <p class="field-error" id={`${id}-error`}><Icon name="warn" /> {error.value}</p> : null;
}

/** A field's id, and those of what describes it. */
export function described({ id, shape, error }: Field) {
    return { id, 'aria-describedby': [shape.about.doc && `${id}-doc`, error.value && `${id}-error`].filter(Boolean).join(' ') || undefined };
}

/** What every input is told of its field. */
export function wired(field: Field) {
    return { ...described(field), 'aria-required': field.required, 'aria-invalid': !!field.error.value };
}
