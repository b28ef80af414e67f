/** A run as it is now, and stays so while it is looked at. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call, epoch, part } from '../api.ts';
import { follow } from '../sse.ts';
import type { Graph, Run, RunEvent } from '../types.ts';
import { ENDED } from '../ui/ui.tsx';

export interface Live {
    run: Signal<Run | null>;
    graph: Signal<Graph | null>;
    events: Signal<RunEvent[]>;
    error: Signal<unknown>;
    /** Asks anew, after something was done to the run. */
    refresh: () => void;
}

/** How long to wait for more events before the run is asked for again, in milliseconds; longer if asking takes long. */
const PAUSE = 120;

const sizeOf = ({ layout }: Graph) => layout && [layout.name, layout.width, layout.height, layout.nodes.length].join();

export function useLive(id: string): Live {
    const run = useSignal<Run | null>(null);
    const graph = useSignal<Graph | null>(null);
    const events = useSignal<RunEvent[]>([]);
    const error = useSignal<unknown>(null);
    const round = useSignal(0);
    const since = `${epoch.value} ${round.value}`;
    useEffect(() => {
        const stop = new AbortController();
        let timer: ReturnType<typeof setTimeout> | undefined;
        let busy = false, again = false, rest = PAUSE;
        const path = `api/runs/${part(id)}`;
        const load = async () => {
            if (busy) return void (again = true);
            busy = true;
            const begun = performance.now();
            try {
                const [shown, drawn] = await Promise.all([call<Run>(path, { signal: stop.signal }), call<Graph>(`${path}/graph`, { signal: stop.signal }).catch(() => null)]);
                run.value = shown;
                // A layout that is the same stays the same, so that only what has changed is drawn again.
                if (drawn?.layout) graph.value = { ...drawn, layout: graph.value && sizeOf(graph.value) === sizeOf(drawn) ? graph.value.layout : drawn.layout };
                else graph.value ??= drawn ?? ({} as Graph);
                error.value = null;
            } catch (wrong) {
                if (!stop.signal.aborted) error.value = wrong;
            }
            // With the time it takes to draw.
            requestAnimationFrame(() => {
                rest = Math.max(PAUSE, 3 * (performance.now() - begun));
                busy = false;
                if (again) again = false, soon();
            });
        };
        const soon = () => {
            timer ??= setTimeout(() => {
                timer = undefined;
                if (!stop.signal.aborted) void load();
            }, rest);
        };
        const fresh: RunEvent[] = [];
        let planned = false;
        const flush = () => {
            planned = false;
            // What came for a list that is read anew does not belong to that one.
            if (stop.signal.aborted) return;
            events.value = [...events.value, ...fresh.splice(0)];
        };
        events.value = [];
        void load();
        const unfollow = follow(`${path}/events`, {
            event(kind, data) {
                const event = JSON.parse(data) as RunEvent;
                fresh.push({ ...event, kind: event.kind ?? kind });
                if (!planned) planned = true, setTimeout(flush, 30);
                soon();
            },
            end: soon,
        });
        // The moment an undo ends, or an event that is not kept, shows only here.
        const slow = setInterval(() => { if (run.value && !ENDED.includes(run.value.status) && document.visibilityState === 'visible') void load(); }, 5000);
        return () => {
            stop.abort();
            unfollow();
            clearTimeout(timer);
            clearInterval(slow);
        };
    }, [id, since]);
    return { run, graph, events, error, refresh: () => { round.value += 1; } };
}
