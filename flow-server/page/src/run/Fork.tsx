/** A copy of a run from one of its checkpoints, with other values if wanted. */
import { useSignal } from '@preact/signals';
import { ApiError, call, part, wordsOf } from '../api.ts';
import { me } from '../me.ts';
import { go } from '../router.ts';
import type { CheckpointState, Json, JsonObject, Run } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { Dialog, say } from '../ui/ui.tsx';
import { placeOf } from './Checkpoints.tsx';

export function Fork({ run, at, close }: { run: Run; at: CheckpointState; close: () => void }) {
    const frames = at.frames.filter(frame => frame.bindings.length);
    const path = useSignal(frames.some(frame => frame.path === at.path) ? at.path : frames[0]?.path ?? '');
    const frame = frames.find(one => one.path === path.value);
    const texts = useSignal<Record<string, string>>({});
    const errors = useSignal<Record<string, string>>({});
    const wrong = useSignal('');
    const busy = useSignal(false);
    const isText = (value: Json): value is string => typeof value === 'string';
    const shown = (name: string, value: Json) => texts.value[name] ?? (isText(value) ? value : JSON.stringify(value, null, 2));
    const fork = async (event: Event) => {
        event.preventDefault();
        const set: JsonObject = {};
        const found: Record<string, string> = {};
        for (const { name, value } of frame?.bindings ?? []) {
            const text = texts.value[name];
            if (text === undefined) continue;
            try {
                const next = isText(value) ? text : (JSON.parse(text) as Json);
                if (JSON.stringify(next) !== JSON.stringify(value)) set[name] = next;
            } catch (error) {
                found[name] = `This is not JSON: ${(error as Error).message}`;
            }
        }
        errors.value = found;
        wrong.value = '';
        const first = Object.keys(found)[0];
        if (first) return void document.getElementById(`fork-${first}`)?.focus();
        busy.value = true;
        try {
            const body = { checkpoint: at.seq, set, ...(path.value ? { path: path.value } : {}) };
            const copy = await call<{ run: string }>(`api/runs/${part(run.run)}/fork`, { method: 'POST', body });
            close();
            say('The copy has begun.');
            go(['runs', copy.run]);
        } catch (error) {
            if (error instanceof ApiError) {
                for (const { pointer, detail } of error.errors) {
                    const name = pointer.replace(/^#?\/?(set\/)?/, '').split('/')[0]!;
                    if (frame?.bindings.some(one => one.name === name)) found[name] = detail;
                }
            }
            errors.value = { ...found };
            if (!Object.keys(found).length) wrong.value = wordsOf(error);
        }
        busy.value = false;
    };
    return (
        <Dialog title={`Copy from ${at.seq === 0 ? 'the start' : `“${placeOf(at.at)}”`}`} close={close}>
            <form onSubmit={fork} class="dialog-form">
                <div class="dialog-body">
                    <p class="muted">The copy goes on from there as a run of its own. This run stays what it is.</p>
                    {frames.length > 1 && (
                        <div class="field"><label for="fork-path">Values of</label>
                            <select id="fork-path" value={path.value} onChange={event => { path.value = event.currentTarget.value; texts.value = {}; }}>
                                {frames.map(one => <option key={one.path} value={one.path}>{one.path || 'the workflow'} ({placeOf(one.at)})</option>)}
                            </select>
                        </div>
                    )}
                    {frame?.bindings.map(({ name, value }) => {
                        const text = shown(name, value);
                        const error = errors.value[name];
                        const changed = texts.value[name] !== undefined && texts.value[name] !== (isText(value) ? value : JSON.stringify(value, null, 2));
                        return (
                            <div key={name} class={`field${error ? ' is-wrong' : ''}`}>
                                <label for={`fork-${name}`}><code>{placeOf(name)}</code>{changed && <span class="optional"> changed</span>}</label>
                                <textarea id={`fork-${name}`} class="code" rows={Math.min(8, text.split('\n').length)} spellcheck={false} value={text} aria-invalid={error ? true : undefined} aria-describedby={error ? `fork-${name}?error` : undefined} readOnly={!me.value.can('admin')} onInput={event => { texts.value = { ...texts.value, [name]: event.currentTarget.value }; }} />
                                {error && <p class="field-error" id={`fork-${name}?error`}><Icon name="warn" /> {error}</p>}
                            </div>
                        );
                    })}
                    {wrong.value && <div class="notice is-wrong" role="alert"><p>{wrong.value}</p></div>}
                </div>
                <footer><button type="button" onClick={close}>Leave it</button><button class="primary" disabled={busy}><Icon name="fork" /> Start the copy</button></footer>
            </form>
        </Dialog>
    );
}
