/** What goes to the server besides a form's own value, and what comes back: files, and errors. */
import { step } from '../json.ts';
import type { FieldError } from '../api.ts';
import type { Json } from '../types.ts';
import type { Field } from './field.ts';

/** Whether a field's file is told with its name and type. */
export const isWhole = ({ shape }: Field): boolean => shape.kind === 'file' && shape.object;

/** A file as the value of its place: all about it, or only its content. */
export async function embedded(field: Field): Promise<Json> {
    const file = field.file.value!;
    const url = await new Promise<string>((done, fail) => {
        const reader = new FileReader();
        reader.onload = () => done(String(reader.result));
        reader.onerror = () => fail(reader.error);
        reader.readAsDataURL(file);
    });
    const data = url.split(',')[1] ?? '';
    return isWhole(field) ? { name: file.name, content_type: file.type || 'application/octet-stream', size: file.size, data } : data;
}

/** Errors of the server as this form shows them: by its own pointers, the nearest one if it has none there. */
export function byField(errors: FieldError[], known: { has(pointer: string): boolean }): { fields: Map<string, string>; rest: string[] } {
    const fields = new Map<string, string>();
    const rest: string[] = [];
    for (const { pointer, detail } of errors) {
        const bare = decodeURIComponent(pointer.replace(/^#/, ''));
        const without = bare.replace(/^\/(input|answer|set)(?=\/|$)/, '');
        const missing = /missing field `([^`]+)`/.exec(detail)?.[1];
        const tries = [bare, without].flatMap(one => (missing === undefined ? [one] : [one + step(missing), one]));
        // Above, but not all of it.
        for (let up = without; up.lastIndexOf('/') > 0; ) tries.push((up = up.slice(0, up.lastIndexOf('/'))));
        const at = tries.find(one => known.has(one));
        const words = detail.endsWith('.') ? detail : `${detail}.`;
        if (at === undefined) rest.push(without ? `${without.slice(1).replace(/\//g, ' › ')}: ${words}` : words);
        else fields.set(at, fields.has(at) ? `${fields.get(at)} ${words}` : words[0]!.toUpperCase() + words.slice(1));
    }
    return { fields, rest };
}
