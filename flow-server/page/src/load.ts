/** What is shown, asked for once or again and again. */
import { useEffect, useRef } from './hooks.ts';
import { ApiError, call, epoch } from './api.ts';
import { useSignal } from './signals.ts';

export interface Loaded<T> {
    /** The last that was loaded. */
    data: T | null;
    /** Why it could not be loaded again. */
    error: unknown;
    reload: () => void;
}

/** Loads a path, and again every so many milliseconds while somebody looks; not at all if it is null. */
export function useLoad<T>(path: string | null, every?: number): Loaded<T> {
    const state = useSignal<{ data: T | null; error: unknown; of: string | null }>({ data: null, error: null, of: null });
    const reload = useRef(() => {});
    useEffect(() => {
        if (path === null) return;
        const stop = new AbortController();
        let timer: ReturnType<typeof setTimeout> | undefined;
        let busy = false, again = false;
        const looks = () => document.visibilityState === 'visible';
        // What was loaded for another path is not what is asked for; the last state of this one is better than nothing.
        if (state.value.of?.split('?')[0] !== path.split('?')[0]) state.value = { data: null, error: null, of: path };
        const load = async (): Promise<void> => {
            clearTimeout(timer);
            if (busy) return void (again = true);
            busy = true;
            let rest = every;
            try {
                const data = await call<T>(path, { signal: stop.signal });
                state.value = { data, error: null, of: path };
            } catch (error) {
                if (stop.signal.aborted) return;
                state.value = { ...state.value, error };
                if (error instanceof ApiError && [0, 429].includes(error.status)) rest = 3000;
            }
            busy = false;
            if (again) return (again = false), load();
            if (rest && looks()) timer = setTimeout(load, rest);
        };
        const look = () => { if (every && looks()) void load(); };
        reload.current = load;
        document.addEventListener('visibilitychange', look);
        void load();
        return () => {
            stop.abort();
            clearTimeout(timer);
            document.removeEventListener('visibilitychange', look);
        };
    }, [path, every, epoch.value]);
    return { ...state.value, reload: () => reload.current() };
}
