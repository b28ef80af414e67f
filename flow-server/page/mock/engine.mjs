// Just enough of an engine to show the page a run: steps that take time, questions, forks, failures, checkpoints, events.
import { randomUUID } from 'node:crypto';

const clone = value => structuredClone(value);
const ENDED = ['completed', 'failed', 'cancelled'];

export class Problem extends Error {
    constructor(status, code, detail, more = {}) {
        super(detail);
        Object.assign(this, { status, code, more });
    }
}

let counter = 0;
const newId = time => {
    const hex = Math.floor(time).toString(16).padStart(12, '0');
    counter += 1;
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${randomUUID().slice(19)}`;
};

export class Run {
    /** `past`: a run of the past, whose clock jumps on instead of waiting; `answers`: what its questions are answered. */
    constructor(app, workflow, input, options = {}) {
        const { session, user, metadata, key, priority, memo, past, answers, pace = app.pace } = options;
        Object.assign(this, { app, workflow, input, user: user ?? null, metadata: metadata ?? null, key: key ?? null, pace });
        Object.assign(this, { priority: priority ?? 0, time: past ?? null, answers: answers ?? [], memo: new Map(memo ?? []) });
        this.id = newId(this.now());
        this.session = session ?? this.id;
        Object.assign(this, { status: 'running', created_at: this.now(), updated_at: this.now(), events: [], checkpoints: [] });
        Object.assign(this, { frames: new Map(), pauses: [], attempts: [], marks: {}, taken: new Map(), readers: new Set() });
        Object.assign(this, { output: null, failure: null, deadline: options.deadline_ms ? this.now() + options.deadline_ms : null });
        this.frames.set('', { path: '', at: 'start', pause: null, wake: null, bindings: this.bindingsOfInput() });
    }
    bindingsOfInput() {
        return { ...(this.workflow.binds ? { [this.workflow.binds]: clone(this.input) } : clone(this.input)) };
    }
    now() {
        return this.time ?? Date.now();
    }
    async wait(ms) {
        if (this.time !== null) this.time += ms;
        else await new Promise(done => setTimeout(done, ms * this.pace));
        if (this.status === 'cancelled') throw new Problem(409, 'cancelled', 'cancelled');
    }
    emit(kind, data = {}, path = '') {
        const event = { seq: this.events.length + 1, time: this.now(), run: this.id, workflow: this.workflow.id, kind };
        this.events.push({ ...event, ...(path ? { path } : {}), ...data });
        this.readers.forEach(reader => reader());
    }
    set(status) {
        Object.assign(this, { status, updated_at: this.now() });
        this.readers.forEach(reader => reader());
    }
    checkpoint(path, at) {
        const seq = this.checkpoints.length + 1;
        const frames = [...this.frames.values()].map(frame => clone(frame));
        this.checkpoints.push({ seq, path, at, time: this.now(), frames, memo: [...this.memo] });
    }
    /** A node's mark by the node's name. */
    mark(name, change, cx) {
        const { nodes, edges } = this.workflow.layout;
        const node = nodes.find(node => node.name === name && node.shape !== 'lane' && node.kind !== 'choice');
        if (!node) return;
        const mark = (this.marks[node.id] ??= { state: 'ahead', done: 0 });
        change(mark);
        if (cx && cx.last !== node.id) {
            const open = [[cx.last, []]];
            const seen = new Set([cx.last]);
            const quiet = id => ['choice', 'fork', 'join', 'start'].includes(nodes.find(node => node.id === id)?.kind);
            while (open.length) {
                const [at, way] = open.shift();
                for (const edge of edges.filter(edge => edge.from === at)) {
                    const next = [...way, edge];
                    if (edge.to === node.id) {
                        next.forEach(({ from, to }) => {
                            this.taken.set(`${from} ${to}`, [from, to]);
                            if (quiet(from) && this.marks[from]?.state !== 'working') {
                                this.marks[from] = { ...this.marks[from], state: 'done', done: this.marks[from]?.done || 1 };
                            }
                        });
                        open.length = 0;
                        break;
                    }
                    if (quiet(edge.to) && !seen.has(edge.to)) open.push([edge.to, next]), seen.add(edge.to);
                }
            }
            cx.last = node.id;
        }
    }
    async drive(kind = 'run_started') {
        this.emit(kind);
        const cx = new Cx(this, '', this.workflow.layout.nodes[0]?.id);
        try {
            const output = await this.workflow.body(cx, this.frames.get('').bindings);
            this.output = output;
            this.marks[this.workflow.layout.nodes[0].id] = { state: 'done', done: 1 };
            this.mark('end', mark => Object.assign(mark, { state: 'done', done: 1 }), cx);
            this.emit('run_completed');
            this.frames.clear();
            this.set('completed');
        } catch (error) {
            if (this.status === 'cancelled') return;
            if (!error.chain) console.error(error);
            this.failure = { chain: error.chain ?? [String(error)], path: error.path ?? '', after: this.frames.get(error.path ?? '')?.at ?? null, not_undone: [] };
            this.emit('run_failed', { error: this.failure.chain.join(': ') });
            this.set('failed');
        }
        this.time = null;
    }
    cancel() {
        if (ENDED.includes(this.status)) throw new Problem(409, 'ended', `The run has ended: it is ${this.status}.`);
        this.pauses.filter(pause => pause.state === 'open').forEach(pause => {
            Object.assign(pause, { state: 'withdrawn', settled_at: this.now() });
            this.emit('pause_withdrawn', { pause: pause.id });
        });
        this.emit('run_cancelled');
        Object.values(this.marks).forEach(mark => { if (['working', 'waiting', 'sleeping'].includes(mark.state)) mark.state = 'ahead'; });
        this.frames.clear();
        this.set('cancelled');
    }
    retry() {
        if (this.status !== 'failed') throw new Problem(409, 'not_failed', `Only a failed run can be retried: this one is ${this.status}.`);
        this.failure = null;
        this.retried = true;
        this.set('running');
        this.counts = new Map();
        void this.drive('run_retried');
    }
    fork(seq, set = {}, path = '') {
        const from = seq === 0 ? { memo: [], frames: [] } : this.checkpoints.find(checkpoint => checkpoint.seq === seq);
        if (!from) throw new Problem(404, 'unknown_checkpoint', `The run has no checkpoint ${seq}.`);
        const memo = new Map(from.memo.map(([key, value]) => [key, clone(value)]));
        const input = clone(this.input);
        const known = seq === 0 ? this.bindingsOfInput() : from.frames.find(frame => frame.path === path)?.bindings ?? {};
        for (const [name, value] of Object.entries(set)) {
            if (!(name in known)) throw new Problem(422, 'unknown_binding', 'A value cannot be set.', { errors: [{ pointer: `/set/${name}`, detail: `\`${name}\` does not live there` }] });
            if (typeof value !== typeof known[name]) throw new Problem(422, 'invalid', 'A value does not fit.', { errors: [{ pointer: `/set/${name}`, detail: `expected ${typeof known[name]}` }] });
            const key = [...memo.keys()].reverse().find(key => memo.get(key).bind === name && key.startsWith(`${path}|`));
            if (key) memo.get(key).value = value;
            else if (this.workflow.binds === name) Object.assign(input, value);
            else input[name] = value;
        }
        return this.app.start(this.workflow, input, { session: this.session, user: this.user, memo, metadata: { forked_from: this.id, checkpoint: seq } });
    }
    answer(id, { answer, by, comment }) {
        const pause = this.pauses.find(pause => pause.id === id);
        if (!pause) throw new Problem(404, 'unknown_pause', `The run has no question \`${id}\`.`);
        if (pause.state === 'answered') throw new Problem(409, 'already_answered', `\`${id}\` is answered already${pause.by ? `, by ${pause.by}` : ''}.`, { answer: pause.answer, by: pause.by, at: pause.settled_at });
        if (pause.state === 'timed_out') throw new Problem(410, 'expired', `\`${id}\` was to be answered earlier.`);
        if (pause.state !== 'open') throw new Problem(409, 'not_waiting', `Nobody waits for an answer to \`${id}\` any more.`);
        if (pause.allowed.except.includes(by ?? '') || (pause.allowed.users.length && !pause.allowed.users.includes(by ?? ''))) {
            throw new Problem(403, 'not_allowed', by ? `${by} may not answer \`${id}\`.` : `\`${id}\` may be answered only by somebody who says who they are.`);
        }
        this.app.validate(pause.schema, answer);
        Object.assign(pause, { state: 'answered', answer, by: by ?? null, comment: comment ?? null, settled_at: this.now() });
        this.emit('pause_answered', { pause: id, ...(by ? { by } : {}), ...(comment ? { comment } : {}) }, pause.path);
        pause.settle(answer);
    }
    line() {
        const { id: run, workflow, status, session, user, metadata, created_at, updated_at, input } = this;
        return { run, workflow: workflow.id, status, session, user, metadata, created_at, updated_at, input };
    }
    shown() {
        const { key, priority, deadline, attempts, output, failure } = this;
        const frame = ({ bindings, ...frame }) => ({ ...frame, bindings: Object.entries(bindings).map(([name, value]) => ({ name, value })) });
        return { ...this.line(), key, priority, deadline, wake: null, attempts, output, failure, pauses: this.pauses.map(plain), frames: [...this.frames.values()].map(frame) };
    }
}

export const plain = ({ settle, ...pause }) => pause;

class Cx {
    constructor(run, path, last) {
        Object.assign(this, { run, path, last, counts: new Map() });
    }
    frame() {
        const { frames } = this.run;
        if (!frames.has(this.path)) frames.set(this.path, { path: this.path, at: 'start', pause: null, wake: null, bindings: {} });
        return frames.get(this.path);
    }
    key(name) {
        const count = (this.counts.get(name) ?? 0) + 1;
        this.counts.set(name, count);
        return `${this.path}|${name}|${count}`;
    }
    done(key, name, bind, value) {
        const frame = this.frame();
        frame.at = `${name} done`;
        if (bind) frame.bindings[bind] = clone(value);
        this.run.memo.set(key, { bind, value: clone(value) });
    }
    /** `fails(attempt)` is the text of its error, if any; `tries` how many attempts there are. */
    async step(name, bind, ms, value, { fails, tries = 3, path = this.path, quiet } = {}) {
        const { run } = this;
        const key = this.key(name);
        if (run.memo.has(key)) {
            const known = run.memo.get(key).value;
            run.mark(name, mark => Object.assign(mark, { state: 'done', done: mark.state === 'done' ? mark.done : mark.done + 1 }), this);
            if (bind) this.frame().bindings[bind] = clone(known);
            return known;
        }
        for (let attempt = 1; ; attempt += 1) {
            const started_at = run.now();
            const report = { step: name, path, attempt, started_at, ms: null, state: 'running', error: null };
            run.attempts.push(report);
            run.mark(name, mark => Object.assign(mark, { state: 'working', attempts: attempt }), this);
            run.emit('step_started', { step: name, attempt }, path);
            await run.wait(ms);
            const error = fails?.(attempt);
            report.ms = Math.max(1, Math.round(run.now() - started_at));
            if (!error) {
                report.state = 'completed';
                run.mark(name, mark => { mark.done += 1; Object.assign(mark, { state: 'done', attempts: 0 }); });
                const result = typeof value === 'function' ? value(this.frame().bindings) : value;
                this.done(key, name, bind, result);
                run.emit('step_completed', { step: name, attempt, ms: report.ms }, path);
                if (!quiet) run.checkpoint(path, `${name} done`);
                return result;
            }
            Object.assign(report, { state: 'failed', error });
            run.emit('step_failed', { step: name, attempt, error }, path);
            if (attempt >= tries) {
                run.mark(name, mark => Object.assign(mark, { state: 'failed', error }));
                throw Object.assign(new Error(error), { chain: [`the step \`${name}\` failed ${attempt} times`, error], path });
            }
            const at = run.now() + 700 * run.pace;
            run.mark(name, mark => Object.assign(mark, { state: 'sleeping', until: at }));
            run.emit('step_retrying', { step: name, attempt: attempt + 1, at }, path);
            await run.wait(700);
        }
    }
    async pause(name, question, prompt, schema, more = {}) {
        const { run } = this;
        const key = this.key(name);
        if (run.memo.has(key)) return run.memo.get(key).value;
        const asked_before = run.pauses.filter(pause => pause.name === name).length;
        const id = `${name}-${run.pauses.length + 1}`;
        const allowed = { users: [], roles: [], except: [], ...more.allowed };
        const pause = { id, name, path: this.path, state: 'open', question, prompt: clone(prompt), schema, asked_at: run.now(), deadline: more.deadline ? run.now() + more.deadline : null, allowed, asked_before, reminded: 0 };
        const answered = new Promise(settle => { pause.settle = settle; });
        run.pauses.push(pause);
        Object.assign(this.frame(), { at: name, pause: id });
        run.emit('pause_asked', { pause: id, name, ...(pause.deadline ? { deadline: pause.deadline } : {}) }, this.path);
        const ask = { id, question, asked_at: pause.asked_at };
        run.mark(name, mark => Object.assign(mark, { state: 'waiting', pauses: [ask] }), this);
        const given = run.answers.shift();
        if (given) {
            await run.wait(given.after);
            run.answer(id, given);
        } else {
            run.set('paused');
            run.emit('run_paused', { pauses: [id] });
            run.time = null;
        }
        const answer = await answered;
        this.frame().pause = null;
        run.mark(name, mark => { mark.done += 1; Object.assign(mark, { state: 'done', pauses: [] }); });
        this.done(key, name, more.bind, answer);
        run.checkpoint(this.path, `${name} answered`);
        if (!given) run.set('running'), run.emit('run_resumed');
        return answer;
    }
    async sleep(ms) {
        this.run.emit('timer_set', { until: this.run.now() + ms * this.run.pace }, this.path);
        await this.run.wait(ms);
        this.run.emit('timer_fired', {}, this.path);
    }
    /** Branches side by side; `each` for a fan-out over items, of which only some work at once. */
    async fork(name, branches, { each = false, node = name, width = each ? 6 : branches.length } = {}) {
        const { run } = this;
        const place = name.split(' ')[0].replace(',', '');
        run.emit('fork_started', { fork: place, branches: branches.length }, this.path);
        run.mark(node, mark => Object.assign(mark, { state: 'working', ...(each ? { items: { done: 0, all: branches.length } } : {}) }), this);
        const results = [];
        const inner = branches.map((branch, index) => ({ branch, index, cx: new Cx(run, `${this.path ? `${this.path}/` : ''}${place}.${index}`, this.last) }));
        const queue = [...inner];
        const worker = async () => {
            for (let next = queue.shift(); next; next = queue.shift()) {
                results[next.index] = await next.branch(next.cx);
                run.emit('branch_completed', { branch: next.index }, this.path);
                run.mark(node, mark => { if (mark.items) mark.items.done += 1; });
            }
        };
        if (run.time !== null) await worker();
        else await Promise.all(Array.from({ length: width }, worker));
        run.emit('fork_joined', { fork: place }, this.path);
        run.mark(node, mark => Object.assign(mark, { state: 'done', done: 1 }));
        inner.forEach(({ cx }) => run.frames.delete(cx.path));
        this.last = inner[0]?.cx.last ?? this.last;
        run.checkpoint(this.path, `${place} joined`);
        return results;
    }
    loop(round) {
        this.run.emit('loop_iterated', { node: 8, round }, this.path);
    }
}
