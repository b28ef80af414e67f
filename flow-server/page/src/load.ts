/** What is shown, asked for once or again and again. */
import { useEffect, useRef } from './hooks.ts';
import { ApiError, call, epoch, part } from './api.ts';
import { useSignal } from './signals.ts';
import { sayError } from './ui/say.tsx';

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

/** A page of a list. It may have fewer lines than were asked for, and even none, with more on the next. */
export interface Paged {
    next?: string | null;
}

/** The lines of a list, of as many pages as were asked for, each line once. Another path begins anew. */
export function useOlder<T extends Paged, L>(path: string, first: Loaded<T>, lines: (page: T) => L[], id: (line: L) => string) {
    const older = useSignal<T[]>([]);
    const loads = useSignal(false);
    const pages = first.data ? [first.data, ...older.value] : [];
    const next = pages.at(-1)?.next;
    const load = async () => {
        loads.value = true;
        try {
            // On until there is something to see, but not without an end.
            for (let after = next, n = 0; after && n < 10; n += 1) {
                const page = await call<T>(`${path}&after=${part(after)}`);
                older.value = [...older.value, page];
                if (lines(page).length) break;
                after = page.next;
            }
        } catch (error) {
            sayError(error);
        }
        loads.value = false;
    };
    const seen = new Set<string>();
    const all = pages.flatMap(lines).filter(line => seen.size < seen.add(id(line)).size);
    const forget = () => { older.value = []; };
    useEffect(forget, [path]);
    return { all, pages: pages.length, next, load, loads: loads.value, forget };
}
