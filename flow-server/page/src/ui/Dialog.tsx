/** Windows over the page. Esc closes them, and the focus goes back to where it was. */
import { useSignal } from '../signals.ts';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from '../hooks.ts';
import { Button } from './Button.tsx';
import { Problem } from './wrong.tsx';

interface Props {
    title: string;
    /** What the button of the window says. */
    verb: string;
    /** What it does. An error is shown. */
    act: () => unknown;
    close: () => void;
    /** The button that does nothing, if there is one. */
    leave?: string;
    danger?: boolean;
    children: ComponentChildren;
}

export function Dialog({ title, verb, act, close, leave, danger, children }: Props) {
    const dialog = useRef<HTMLDialogElement | null>(null);
    const busy = useSignal(false);
    const error = useSignal<unknown>(null);
    useEffect(() => {
        const { current } = dialog;
        current!.showModal();
        // That also gives the focus back.
        return () => current!.close();
    }, []);
    const submit = async (event: Event) => {
        event.preventDefault();
        busy.value = true;
        error.value = null;
        try {
            await act();
        } catch (wrong) {
            error.value = wrong;
        }
        busy.value = false;
    };
    return (
        <dialog ref={dialog} aria-labelledby="dialog-title" onClose={close} onClick={event => event.target === dialog.current && close()}>
            <form onSubmit={submit} noValidate>
                <header><h2 id="dialog-title">{title}</h2><Button label="Close" icon="cross" onClick={close} /></header>
                <div class="dialog-body">{children}{error.value !== null && <Problem error={error.value} />}</div>
                <footer>{leave && <Button autoFocus={danger} onClick={close}>{leave}</Button>}<Button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy.value}>{verb}</Button></footer>
            </form>
        </dialog>
    );
}
