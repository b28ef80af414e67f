/** Requests to the server. All addresses are relative to the page's, so that it works below any prefix. */
import { signal } from './signals.ts';
import type { Json } from './types.ts';

const TOKEN = 'flow-token';

/** The token of this tab, empty if none was needed. */
export const token = signal(sessionStorage.getItem(TOKEN) ?? '');
/** Why a token is asked for; null while none is. */
export const tokenWanted = signal<string | null>(null);
/** Counts on when all that is shown has to be asked for again. */
export const epoch = signal(0);
/** Whether the server did not answer the last time. */
export const offline = signal(false);

export interface FieldError {
    pointer: string;
    detail: string;
}

/** What the server says it will not do, in the words of RFC 9457. */
export class ApiError extends Error {
    constructor(
        readonly status: number,
        readonly code: string,
        message: string,
        readonly errors: FieldError[] = [],
        readonly more: { [name: string]: Json } = {},
    ) {
        super(message);
    }
}

export function setToken(value: string): void {
    token.value = value;
    if (value) sessionStorage.setItem(TOKEN, value);
    else sessionStorage.removeItem(TOKEN);
    tokenWanted.value = null;
    epoch.value += 1;
}

/** Where the server's addresses begin: the script is one folder below. */
const root = new URL('..', import.meta.url);

export function address(path: string): string {
    return new URL(path, root).href;
}

export function headers(more: Record<string, string> = {}): Record<string, string> {
    return token.value ? { ...more, authorization: `Bearer ${token.value}` } : more;
}

interface Options {
    method?: string;
    /** Sent as JSON. */
    body?: unknown;
    /** Sent as it is. */
    form?: FormData;
    headers?: Record<string, string>;
    signal?: AbortSignal;
}

/** Asks the server. Throws an `ApiError`; one of status 0 if it cannot be reached. */
export async function call<T>(path: string, { method, body, form, headers: more, signal }: Options = {}): Promise<T> {
    const init: RequestInit = { method: method ?? 'GET', headers: headers({ accept: 'application/json', ...more }), cache: 'no-store' };
    if (form) init.body = form;
    if (signal) init.signal = signal;
    if (body !== undefined) {
        init.body = JSON.stringify(body);
        init.headers = { ...init.headers, 'content-type': 'application/json' };
    }
    let response: Response;
    try {
        response = await fetch(address(path), init);
    } catch (error) {
        if (signal?.aborted) throw error;
        offline.value = true;
        throw new ApiError(0, 'offline', 'The server cannot be reached.');
    }
    offline.value = false;
    if (response.ok) return (response.status === 204 ? null : await response.json()) as T;
    const error = await problem(response);
    if (response.status === 401) tokenWanted.value = token.value ? 'This token is not accepted.' : '';
    throw error;
}

async function problem(response: Response): Promise<ApiError> {
    const { status } = response;
    try {
        const said = await response.json();
        return new ApiError(status, said.code, said.detail, said.errors, said);
    } catch {
        const wait = status === 429 ? ' It is busy: try again in a moment.' : '';
        return new ApiError(status, String(status), `The server said ${status} ${response.statusText}.${wait}`);
    }
}

/** The words of any error. */
export function wordsOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}

/** A part of an address. */
export const part = encodeURIComponent;

/** A new key for a request that may be sent twice. */
export function newKey(): string {
    return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
