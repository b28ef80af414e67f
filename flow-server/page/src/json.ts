/** JSON values, places in them, and their names as people read them. */
import type { Json, JsonObject } from './types.ts';

export function isObject(value: Json | undefined): value is JsonObject {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const same = (left: Json | undefined, right: Json | undefined): boolean => JSON.stringify(left) === JSON.stringify(right);

/** As people read it. */
export const pretty = (value: unknown): string => JSON.stringify(value, null, 2);

/** `second_address` and `SecondAddress` as `Second address`. */
export function humane(name: string): string {
    const words = name.replace(/([a-z\d])([A-Z])/g, (_, left: string, right: string) => `${left} ${right.toLowerCase()}`).replace(/[_-]+/g, ' ').trim();
    return words ? words[0]!.toUpperCase() + words.slice(1) : name;
}

/** A step of a JSON pointer. */
export const step = (name: string | number): string => `/${String(name).replace(/~/g, '~0').replace(/\//g, '~1')}`;

/** The name that a step of a JSON pointer stands for. */
export const unstep = (name: string): string => name.replace(/~1/g, '/').replace(/~0/g, '~');

/** The value with another one at a pointer. */
export function placed(value: Json, pointer: string, put: Json): Json {
    if (!pointer) return put;
    const [, first = '', rest = ''] = /^\/([^/]*)(.*)$/.exec(pointer) ?? [];
    const name = unstep(first);
    if (Array.isArray(value)) return value.map((one, index) => (String(index) === name ? placed(one, rest, put) : one));
    const object = isObject(value) ? value : {};
    return { ...object, [name]: placed(object[name] ?? null, rest, put) };
}
