/** What is shown, asked for once or again and again. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ApiError, call, epoch } from './api.ts';
import { say } from './ui/ui.tsx';

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

/** A page of a list. It may have fewer lines than were asked for, and even none, with more on the next. */
export interface Paged {
    next?: string | null;
}

/** What has come after a page of a list, a page at a time. Another path begins anew. */
export function useOlder<T extends Paged>(path: string, first: Loaded<T>, lines: (page: T) => unknown[]) {
    const older = useSignal<T[]>([]);
    const loads = useSignal(false);
    useEffect(() => { older.value = []; }, [path]);
    const pages = first.data.value ? [first.data.value, ...older.value] : [];
    const next = pages.at(-1)?.next;
    const load = async () => {
        loads.value = true;
        try {
            // On until there is something to see, but not without an end.
            for (let after = next, n = 0; after && n < 10; n += 1) {
                const page = await call<T>(`${path}&after=${encodeURIComponent(after)}`);
                older.value = [...older.value, page];
                if (lines(page).length) break;
                after = page.next;
            }
        } catch (error) {
            say((error as Error).message, true);
        }
        loads.value = false;
    };
    return { pages, next, load, loads: loads.value, forget: () => { older.value = []; } };
}
