/** Events of a run: server-sent events, read by `fetch` because that can send a token. */
import { address, headers, offline, tokenWanted } from './api.ts';

interface Reader {
    /** The event's kind and its data. */
    event(kind: string, data: string): void;
    /** The run has ended, nothing more will come. */
    end(): void;
}

/** Reads until the run has ended or the caller stops it, and goes on after the last event whenever the line breaks. */
export function follow(path: string, reader: Reader): () => void {
    const stop = new AbortController();
    void (async () => {
        let last = '';
        let rest = 250;
        while (!stop.signal.aborted) {
            try {
                const more: Record<string, string> = { accept: 'text/event-stream' };
                if (last) more['last-event-id'] = last;
                const response = await fetch(address(path), { headers: headers(more), cache: 'no-store', signal: stop.signal });
                if (response.status === 401) tokenWanted.value ??= '';
                // The run ended with the event that was read last.
                if (response.status === 204) return reader.end();
                if (response.status >= 400 && response.status < 500 && response.status !== 429) return;
                if (!response.ok || !response.body) throw new Error();
                offline.value = false;
                for await (const { id, event, data } of blocks(response.body)) {
                    // What still comes for a list that is read anew does not belong to that one.
                    if (stop.signal.aborted) return;
                    rest = 250;
                    if (id !== undefined) last = id;
                    if (event === 'end') return reader.end();
                    // A server that stops says so; it is asked again like one whose line broke.
                    if (data && event !== 'shutdown') reader.event(event ?? 'message', data);
                }
            } catch {
                if (stop.signal.aborted) return;
            }
            await new Promise(done => setTimeout(done, rest));
            rest = Math.min(rest * 2, 8000);
        }
    })();
    return () => stop.abort();
}

interface Block {
    id?: string;
    event?: string;
    data?: string;
}

/** The blocks of a stream, one event each. */
export async function* blocks(body: ReadableStream<Uint8Array>): AsyncGenerator<Block> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let text = '';
    try {
        for (;;) {
            const { done, value } = await reader.read();
            if (done) return;
            text = (text + decoder.decode(value, { stream: true })).replace(/\r\n?/g, '\n');
            for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
                yield read(text.slice(0, end));
                text = text.slice(end + 2);
            }
        }
    } finally {
        reader.cancel().catch(() => {});
    }
}

function read(text: string): Block {
    const block: { [name: string]: string } = {};
    for (const [, name = '', value = ''] of text.matchAll(/^(\w+): ?(.*)$/gm)) block[name] = name === 'data' && block.data ? `${block.data}\n${value}` : value;
    return block;
}
