/** A copy of a run from one of its checkpoints, with other values if wanted. */
import { useSignal } from '../signals.ts';
import { call, part } from '../api.ts';
import { useForm } from '../form/Form.tsx';
import { FieldView } from '../form/fields.tsx';
import { same } from '../json.ts';
import { me } from '../me.ts';
import { go } from '../router.ts';
import type { Binding, CheckpointState, JsonObject, Run, Schema } from '../types.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { say } from '../ui/say.tsx';
import { Wrong } from '../ui/wrong.tsx';
import { placeOf } from './bindings.ts';

/** Texts are edited as texts, which may be empty, and all else as JSON. */
function schemaOf(bindings: Binding[]): Schema {
    const properties = bindings.map(({ name, value }) => [name, typeof value === 'string' ? { title: placeOf(name), type: 'string', default: '' } : { title: placeOf(name) }]);
    return { type: 'object', properties: Object.fromEntries(properties), required: bindings.map(({ name }) => name) };
}

export function Fork({ run, at, close }: { run: Run; at: CheckpointState; close: () => void }) {
    const frames = at.frames.filter(frame => frame.bindings.length);
    const path = useSignal(frames.some(frame => frame.path === at.path) ? at.path : frames[0]?.path ?? '');
    const bindings = frames.find(one => one.path === path.value)?.bindings ?? [];
    const form = useForm(schemaOf(bindings), '', path.value, Object.fromEntries(bindings.map(({ name, value }) => [name, value])));
    const fork = () => form.send(async () => {
        const values = form.read()?.value as JsonObject | undefined;
        if (!values) return;
        const set = Object.fromEntries(bindings.map(({ name, value }) => [name, values[name]!, value] as const).filter(([, now, before]) => !same(now, before)));
        const body = { checkpoint: at.seq, set, ...(path.value ? { path: path.value } : {}) };
        const copy = await call<{ run: string }>(`api/runs/${part(run.run)}/fork`, { method: 'POST', body });
        close();
        say('The copy has begun.');
        go(['runs', copy.run]);
    });
    return (
        <Dialog title={`Copy from ${at.seq === 0 ? 'the start' : `“${placeOf(at.at)}”`}`} verb="Start the copy" act={fork} leave="Leave it" close={close}>
            <p class="muted">The copy is a run of its own. This run stays what it is.</p>
            {frames.length > 1 && (
                <div class="field"><label for="fork-path">Values of</label>
                    <select id="fork-path" value={path.value} onChange={event => { path.value = event.currentTarget.value; }}>
                        {frames.map(one => <option value={one.path}>{one.path || 'the workflow'} ({placeOf(one.at)})</option>)}
                    </select>
                </div>
            )}
            <div onInput={() => form.calm()}>
                {form.root.value.inner.value.map(field => <FieldView key={field.id} field={field} readOnly={!me.value.can('admin')} label={field.changed ? `${field.label}, changed` : field.label} />)}
            </div>
            <Wrong words={form.rest.value} />
        </Dialog>
    );
}
