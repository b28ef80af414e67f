/** What is said to those who do not see that something has happened, and for a while to all others. */
import { wordsOf } from '../api.ts';
import { signal } from '../signals.ts';
import { Button } from './Button.tsx';

const said = signal<{ words: string; bad: boolean } | null>(null);
let unsay: ReturnType<typeof setTimeout>;

export function say(words: string, bad = false): void {
    said.value = { words, bad };
    clearTimeout(unsay);
    unsay = setTimeout(() => { said.value = null; }, bad ? 10_000 : 4000);
}

export function Said() {
    const now = said.value;
    return <div class="said" role="status" aria-live="polite">{now && <p class={now.bad ? 'toast is-wrong' : 'toast'}>{now.words}</p>}</div>;
}

/** An error that stops nothing. */
export const sayError = (error: unknown): void => say(wordsOf(error), true);

export function Copy({ text, what }: { text: string; what: string }) {
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            // Pages that do not come by https or from this machine may not.
            const area = document.body.appendChild(Object.assign(document.createElement('textarea'), { value: text }));
            area.select();
            document.execCommand('copy');
            area.remove();
        }
        say(`Copied ${what}.`);
    };
    return <Button label={`Copy ${what}`} icon="copy" onClick={copy} />;
}
