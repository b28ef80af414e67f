/** Buttons: with words, with an icon, or with an icon alone. */
import type { ComponentProps } from 'preact';
import { Icon } from './Icon.tsx';

type Props = ComponentProps<'button'> & {
    icon?: string;
    /** Its name, if it shows only its icon. */
    label?: string;
};

export function Button({ icon, label, children, ...more }: Props) {
    return <button type="button" class={label && 'icon-button'} aria-label={label} title={label} {...more}>{icon && <Icon name={icon} />}{children}</button>;
}
