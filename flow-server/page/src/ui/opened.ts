/** Which of several things are opened. */
import { useSignal } from '../signals.ts';

export function useOpened<T>() {
    const opened = useSignal<T[]>([]);
    const has = (one: T) => opened.value.includes(one);
    const flip = (one: T) => { opened.value = has(one) ? opened.value.filter(other => other !== one) : [...opened.value, one]; };
    return { has, flip };
}
