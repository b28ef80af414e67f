/** JSON as people read it: names and values, lists, tables of what is alike, texts as texts. */
import { useSignal } from '../signals.ts';
import { humane, isObject, pretty } from '../json.ts';
import type { Json, JsonObject } from '../types.ts';
import { Button } from './Button.tsx';
import { Copy } from './say.tsx';

const MANY = 30;

/** A value with its name, to be copied and to be seen as it is. */
export function Titled({ title, value, open = true }: { title: string; value: Json; open?: boolean }) {
    const raw = useSignal(false);
    const text = pretty(value);
    const deep = typeof value === 'object' && value !== null;
    return (
        <details class="titled" open={open}>
            <summary><span>{title}</span></summary>
            <div class="titled-tools">
                {deep && <Button class="quiet small" aria-pressed={raw.value} onClick={() => { raw.value = !raw.value; }}>JSON</Button>}
                <Copy text={typeof value === 'string' ? value : text} what={title} />
            </div>
            {raw.value && deep ? <pre class="code" tabIndex={0} role="group" aria-label={`${title} as JSON`}>{text}</pre> : <Value value={value} />}
        </details>
    );
}

export function Value({ value, depth = 0 }: { value: Json; depth?: number }) {
    if (value === null) return <span class="muted">none</span>;
    if (typeof value === 'boolean') return <span>{value ? 'yes' : 'no'}</span>;
    if (typeof value === 'number') return <span class="number">{String(value)}</span>;
    if (typeof value === 'string') return <Text text={value} />;
    if (Array.isArray(value)) return <List items={value} depth={depth} />;
    const entries = Object.entries(value);
    if (!entries.length) return <span class="muted">nothing</span>;
    return (
        <dl class="value">
            {entries.map(([name, inner]) => (
                <div key={name} class={isAtom(inner) ? 'pair' : 'pair is-deep'}>
                    <dt title={name}>{humane(name)}</dt>
                    <dd>{depth > 2 && !isAtom(inner) ? <Folded value={inner} depth={depth} /> : <Value value={inner} depth={depth + 1} />}</dd>
                </div>
            ))}
        </dl>
    );
}

function Folded({ value, depth }: { value: Json; depth: number }) {
    return <details><summary class="muted">{gist(value)}</summary><Value value={value} depth={depth + 1} /></details>;
}

function Text({ text }: { text: string }) {
    const all = useSignal(false);
    if (!text) return <span class="muted">empty</span>;
    if (text.length <= 1200 || all.value) return <span class="text">{text}</span>;
    return <span class="text">{text.slice(0, 1000)}… <Button class="quiet small" onClick={() => { all.value = true; }}>all {text.length} characters</Button></span>;
}

function List({ items, depth }: { items: Json[]; depth: number }) {
    const all = useSignal(false);
    if (!items.length) return <span class="muted">none</span>;
    const shown = all.value ? items : items.slice(0, MANY);
    const more = items.length > shown.length && <Button class="quiet small" onClick={() => { all.value = true; }}>all {items.length}</Button>;
    if (items.every(item => isAtom(item) && String(item).length < 40)) return <span class="chips">{shown.map(item => <span class="chip">{String(item)}</span>)}{more}</span>;
    const columns = columnsOf(items);
    if (columns) {
        return (
            <div class="scroll" tabIndex={0} role="group" aria-label="Table">
                <table class="value-table">
                    <thead><tr>{columns.map(name => <th scope="col">{humane(name)}</th>)}</tr></thead>
                    <tbody>{(shown as JsonObject[]).map(row => <tr>{columns.map(name => <td><Value value={row[name] ?? null} depth={depth + 1} /></td>)}</tr>)}</tbody>
                </table>
                {more}
            </div>
        );
    }
    return <ol class="value-list">{shown.map(item => <li>{depth > 2 && !isAtom(item) ? <Folded value={item} depth={depth} /> : <Value value={item} depth={depth + 1} />}</li>)}{more}</ol>;
}

const isAtom = (value: Json): boolean => typeof value !== 'object' || value === null;

/** The columns of a list of objects that are alike and flat. */
function columnsOf(items: Json[]): string[] | null {
    if (items.length < 2 || !items.every(isObject)) return null;
    const names = [...new Set(items.flatMap(item => Object.keys(item)))];
    const flat = items.every(item => Object.values(item).every(value => isAtom(value) || (Array.isArray(value) && value.every(isAtom))));
    return flat && names.length <= 6 && items.every(item => Object.keys(item).length >= names.length / 2) ? names : null;
}

/** A value in a line: its texts and numbers. */
export function gist(value: Json): string {
    if (Array.isArray(value)) return value.length === 1 ? '1 item' : `${value.length} items`;
    if (!isObject(value)) return String(value ?? '');
    const all = Object.values(value);
    if (all.length === 1) return gist(all[0]!);
    return all.filter(one => isAtom(one) && one !== null && one !== '').join(' · ') || Object.keys(value).join(', ');
}
