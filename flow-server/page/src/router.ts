/** Where in the page one is: the hash, so that the page works below any prefix and without the server's help. */
import { signal } from './signals.ts';

export interface Route {
    path: string[];
    query: URLSearchParams;
}

function read(): Route {
    const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
    return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

export const route = signal<Route>(read());
addEventListener('hashchange', () => { route.value = read(); });

type Query = Record<string, string | null | undefined>;

function hash(path: string[], query: Query = {}): string {
    const given = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
    const search = new URLSearchParams(given).toString();
    return `#/${path.map(encodeURIComponent).join('/')}${search ? `?${search}` : ''}`;
}

/** The address of a place in the page. */
export const to = hash;

/** Goes there. */
export function go(path: string[], query?: Query): void {
    location.hash = hash(path, query);
}

/** Changes the query of the place, without a step in the history. */
export function requery(change: Query): void {
    const { path, query } = route.value;
    const next = { ...Object.fromEntries(query), ...change };
    history.replaceState(null, '', hash(path, next));
    route.value = read();
}
