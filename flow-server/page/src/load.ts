/** What is shown, asked for once or again and again. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ApiError, call, epoch } from './api.ts';

export interface Loaded<T> {
    data: Signal<T | null>;
    error: Signal<unknown>;
    reload: () => void;
}

/** Loads a path, and again every so many milliseconds while somebody looks; not at all if it is null. */
export function useLoad<T>(path: string | null, every?: number): Loaded<T> {
    const data = useSignal<T | null>(null);
    const error = useSignal<unknown>(null);
    const again = useRef(() => {});
    const of = useRef<string | null>(null);
    const round = epoch.value;
    useEffect(() => {
        if (path === null) return;
        const stop = new AbortController();
        let timer: ReturnType<typeof setTimeout> | undefined;
        let at = 0;
        // What was loaded for another path is not what is asked for; the last state of this one is better than nothing.
        if (of.current?.split('?')[0] !== path.split('?')[0]) data.value = null;
        const load = async () => {
            clearTimeout(timer);
            const mine = (at += 1);
            try {
                const found = await call<T>(path, { signal: stop.signal });
                if (mine !== at || stop.signal.aborted) return;
                of.current = path;
                data.value = found;
                error.value = null;
            } catch (wrong) {
                if (mine !== at || stop.signal.aborted) return;
                error.value = wrong;
            }
            const rest = error.value instanceof ApiError && (error.value.status === 0 || error.value.status === 429) ? 3000 : every;
            if (rest && document.visibilityState === 'visible') timer = setTimeout(() => void load(), rest);
        };
        const look = () => { if (every && document.visibilityState === 'visible') void load(); };
        again.current = () => void load();
        document.addEventListener('visibilitychange', look);
        void load();
        return () => {
            stop.abort();
            clearTimeout(timer);
            document.removeEventListener('visibilitychange', look);
        };
    }, [path, every, round]);
    return { data, error, reload: () => again.current() };
}
