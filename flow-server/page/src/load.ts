/** What is shown, asked for once or again and again. */
import { type Signal, useSignal } from './signals.ts';
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
    const reload = useRef(() => {});
    const of = useRef<string | null>(null);
    const round = epoch.value;
    useEffect(() => {
        if (path === null) return;
        const stop = new AbortController();
        let timer: ReturnType<typeof setTimeout> | undefined;
        let busy = false, again = false;
        // What was loaded for another path is not what is asked for; the last state of this one is better than nothing.
        if (of.current?.split('?')[0] !== path.split('?')[0]) data.value = null;
        const load = async (): Promise<void> => {
            clearTimeout(timer);
            if (busy) return void (again = true);
            busy = true;
            try {
                data.value = await call<T>(path, { signal: stop.signal });
                of.current = path;
                error.value = null;
            } catch (wrong) {
                if (!stop.signal.aborted) error.value = wrong;
            }
            busy = false;
            if (stop.signal.aborted) return;
            if (again) return (again = false), load();
            const rest = error.value instanceof ApiError && [0, 429].includes(error.value.status) ? 3000 : every;
            if (rest && document.visibilityState === 'visible') timer = setTimeout(load, rest);
        };
        const look = () => { if (every && document.visibilityState === 'visible') void load(); };
        reload.current = load;
        document.addEventListener('visibilitychange', look);
        void load();
        return () => {
            stop.abort();
            clearTimeout(timer);
            document.removeEventListener('visibilitychange', look);
        };
    }, [path, every, round]);
    return { data, error, reload: () => reload.current() };
}
