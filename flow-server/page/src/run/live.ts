/** A run as it is now, and stays so while it is looked at. */
import { useEffect } from '../hooks.ts';
import { epoch, part } from '../api.ts';
import { useLoad } from '../load.ts';
import { useSignal } from '../signals.ts';
import { follow } from '../sse.ts';
import type { Graph, Run, RunEvent } from '../types.ts';
import { ENDED } from '../ui/status.tsx';

/** How long to wait for more events before the run is asked for again, in milliseconds. */
const PAUSE = 120;
/** And without events: the moment an undo ends, or an event that is not kept, shows only so. */
const REST = 5000;

export function useLive(id: string) {
    const path = `api/runs/${part(id)}`;
    const over = useSignal(false);
    const run = useLoad<Run>(path, over.value ? undefined : REST);
    const graph = useLoad<Graph>(`${path}/graph`);
    const events = useSignal<RunEvent[]>([]);
    const rounds = useSignal(0);
    const load = () => {
        run.reload();
        graph.reload();
    };
    useEffect(() => {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const fresh: RunEvent[] = [];
        const soon = () => {
            timer ??= setTimeout(() => {
                timer = undefined;
                events.value = [...events.value, ...fresh.splice(0)];
                load();
            }, PAUSE);
        };
        events.value = [];
        const unfollow = follow(`${path}/events`, {
            event(kind, data) {
                const event = JSON.parse(data) as RunEvent;
                fresh.push({ ...event, kind: event.kind ?? kind });
                soon();
            },
            end: soon,
        });
        return () => {
            unfollow();
            clearTimeout(timer);
        };
    }, [id, epoch.value, rounds.value]);
    const { data } = run;
    useEffect(() => { over.value = !!data && ENDED.includes(data.status); }, [data]);
    /** After something was done to the run: one that had ended has new events. */
    const refresh = () => {
        load();
        rounds.value += 1;
    };
    return { run, graph, events, refresh };
}
