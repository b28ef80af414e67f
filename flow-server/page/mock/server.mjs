// A stand-in for flow-server: the same routes over workflows that only pretend. `node mock/server.mjs [--port 4000] [--prefix /flow] [--token secret]`
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { Problem, Run, plain } from './engine.mjs';
import { errors } from './schema.mjs';
import { seed, workflows } from './workflows.mjs';

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };
const ENDED = ['completed', 'failed', 'cancelled'];

export function serve({ port = 0, prefix = '', token = '', pace = 1, seeded = true } = {}) {
    const runs = new Map();
    const links = new Map();
    const keys = new Map();
    const app = {
        pace,
        runs,
        sessions: new Map(),
        start(workflow, input, options = {}) {
            const run = new Run(app, workflow, input, options);
            runs.set(run.id, run);
            if (!app.sessions.has(run.session)) app.sessions.set(run.session, { id: run.session, name: null, user: run.user, version: 0, created_at: run.created_at, updated_at: run.created_at, state: null });
            void run.drive();
            return run;
        },
        validate(schema, value, more) {
            const found = [...errors(schema, value), ...(more?.(value) ?? [])];
            if (found.length) throw new Problem(422, 'invalid', found.length === 1 ? 'A field is wrong.' : `${found.length} fields are wrong.`, { errors: found });
        },
    };
    if (seeded) seed(app);
    const of = (map, id, what) => map.get(id) ?? (() => { throw new Problem(404, `unknown_${what}`, `There is no ${what} \`${id}\`.`); })();
    const workflow = id => workflows.find(one => one.id === id) ?? of(new Map(), id, 'workflow');
    const told = ({ id, description, input_schema, pauses }) => ({ id, description, fingerprint: 'a3f09c17d2e4', input_schema, pauses });
    const newest = () => [...runs.values()].sort((left, right) => right.created_at - left.created_at || (right.id > left.id ? 1 : -1));
    const page = (list, query, id = one => one.run) => {
        const limit = Number(query.get('limit') ?? 100), after = query.get('after');
        const from = after ? list.findIndex(one => id(one) === after) + 1 : 0;
        const part = list.slice(from, from + limit);
        return [part, from + limit < list.length ? id(part.at(-1)) : null];
    };
    const openPauses = () => newest().flatMap(run => run.pauses.filter(pause => pause.state === 'open').map(pause => ({ run: run.id, workflow: run.workflow.id, session: run.session, user: run.user, ...plain(pause) })));
    const begin = (of, body, key) => {
        app.validate(of.input_schema, body.input, of.check);
        if (key && keys.has(key)) return runs.get(keys.get(key));
        const run = app.start(of, body.input, body);
        if (key) keys.set(key, run.id);
        return run;
    };
    const standing = run => ({ run: run.id, status: run.status, nodes: run.marks, taken: [...run.taken.values()] });

    const routes = [
        ['GET', '/api/me', () => ({ name: null, roles: ['read', 'run', 'answer', 'admin'] })],
        ['GET', '/api/workflows', () => ({ workflows: workflows.map(told) })],
        ['GET', '/api/workflows/:id', ({ id }) => told(workflow(id))],
        ['GET', '/api/workflows/:id/graph', ({ id }) => ({ layout: workflow(id).layout })],
        ['POST', '/api/workflows/:id/runs', ({ id, body, request }) => [202, { run: begin(workflow(id), body, request.headers['idempotency-key']).id }]],
        ['GET', '/api/stats', () => {
            const counts = new Map();
            runs.forEach(run => counts.set(`${run.workflow.id} ${run.status}`, (counts.get(`${run.workflow.id} ${run.status}`) ?? 0) + 1));
            return { counts: [...counts].map(([key, count]) => ({ workflow: key.split(' ')[0], status: key.split(' ')[1], runs: count })) };
        }],
        ['GET', '/api/runs', ({ query }) => {
            const is = (name, value) => !query.get(name) || query.get(name) === value;
            const found = newest().filter(run => is('status', run.status) && is('workflow', run.workflow.id) && is('user', run.user) && is('session', run.session));
            const meta = [...query].filter(([name]) => name.startsWith('metadata.'));
            const [part, next] = page(found.filter(run => meta.every(([name, value]) => String(run.metadata?.[name.slice(9)]) === value)).map(run => run.line()), query);
            return { runs: part, next };
        }],
        ['GET', '/api/runs/:id', ({ id }) => of(runs, id, 'run').shown()],
        ['GET', '/api/runs/:id/graph', ({ id }) => ({ layout: of(runs, id, 'run').workflow.layout, standing: standing(of(runs, id, 'run')) })],
        ['GET', '/api/runs/:id/steps', ({ id }) => ({ steps: of(runs, id, 'run').attempts })],
        ['GET', '/api/runs/:id/checkpoints', ({ id }) => ({ checkpoints: of(runs, id, 'run').checkpoints.map(({ seq, path, at, time }) => ({ seq, path, at, time })) })],
        ['GET', '/api/runs/:id/checkpoints/:seq', ({ id, seq }) => {
            const run = of(runs, id, 'run');
            const start = { seq: 0, path: '', at: 'start', time: run.created_at, frames: [{ path: '', at: 'start', bindings: run.bindingsOfInput() }] };
            const found = seq === '0' ? start : run.checkpoints[seq - 1] ?? of(new Map(), seq, 'checkpoint');
            const frames = found.frames.map(frame => ({ ...frame, bindings: Object.entries(frame.bindings).map(([name, value]) => ({ name, value })) }));
            return { seq: found.seq, path: found.path, at: found.at, time: found.time, frames };
        }],
        ['POST', '/api/runs/:id/cancel', ({ id }) => (of(runs, id, 'run').cancel(), { run: id })],
        ['POST', '/api/runs/:id/retry', ({ id }) => (of(runs, id, 'run').retry(), { run: id })],
        ['POST', '/api/runs/:id/fork', ({ id, body }) => [201, { run: of(runs, id, 'run').fork(body.checkpoint, body.set, body.path).id }]],
        ['GET', '/api/pauses', ({ query }) => {
            const [pauses, next] = page(openPauses().filter(pause => !query.get('workflow') || pause.workflow === query.get('workflow')), query, pause => `${pause.run}/${pause.id}`);
            return { pauses, next };
        }],
        ['GET', '/api/runs/:id/pauses', ({ id }) => ({ pauses: of(runs, id, 'run').pauses.map(plain) })],
        ['POST', '/api/runs/:id/pauses/:pause/answer', ({ id, pause, body }) => (of(runs, id, 'run').answer(pause, body), { run: id, pause })],
        ['POST', '/api/runs/:id/pauses/:pause/link', ({ id, pause, request, body }) => {
            const link = Buffer.from(`${id}.${pause}`).toString('base64url');
            const expires_at = Date.now() + (body.expires_in_s ?? 86_400) * 1000;
            links.set(link, { id, pause, expires_at, by: body.by });
            return { url: `http://${request.headers.host}${prefix}/p/${link}`, expires_at };
        }],
        ['GET', '/api/links/:link', ({ link }) => {
            const { id, pause, expires_at } = of(links, link, 'link');
            const found = of(runs, id, 'run').pauses.find(one => one.id === pause);
            if (found.state !== 'open') throw new Problem(410, 'used', 'This link was used already.');
            return { workflow: runs.get(id).workflow.id, pause: plain(found), expires_at };
        }],
        ['POST', '/api/links/:link', ({ link, body }) => {
            const { id, pause, by } = of(links, link, 'link');
            return of(runs, id, 'run').answer(pause, { by, ...body }), { pause };
        }],
        ['GET', '/api/sessions', ({ query }) => {
            const list = [...app.sessions.values()].sort((left, right) => right.updated_at - left.updated_at);
            const [sessions, next] = page(list, query, session => session.id);
            return { sessions, next };
        }],
        ['GET', '/api/sessions/:id', ({ id }) => of(app.sessions, id, 'session')],
        ['GET', '/api/sessions/:id/runs', ({ id }) => ({ runs: newest().filter(run => run.session === id).map(run => ({ ...run.line(), output: run.output })) })],
        ['PATCH', '/api/sessions/:id', ({ id, body }) => Object.assign(of(app.sessions, id, 'session'), { name: body.name })],
        ['DELETE', '/api/sessions/:id', ({ id }) => (of(app.sessions, id, 'session'), app.sessions.delete(id), [204, null])],
    ].map(([method, path, handle]) => ({ method, handle, names: [...path.matchAll(/:(\w+)/g)].map(match => match[1]), pattern: new RegExp(`^${path.replace(/:\w+/g, '([^/]+)')}$`) }));

    function stream(run, request, response) {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
        let next = Number(request.headers['last-event-id'] ?? 0);
        const more = () => {
            for (; next < run.events.length; next += 1) {
                const event = run.events[next];
                response.write(`id: ${event.seq}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
            }
            if (ENDED.includes(run.status)) response.write('event: end\ndata: {}\n\n'), response.end(), run.readers.delete(more);
        };
        run.readers.add(more);
        response.on('close', () => run.readers.delete(more));
        response.write(': hello\n\n');
        more();
    }
    async function read(request) {
        const parts = [];
        for await (const part of request) parts.push(part);
        const type = request.headers['content-type'] ?? '', bytes = Buffer.concat(parts);
        if (!type.startsWith('multipart/')) return bytes.length ? JSON.parse(bytes) : {};
        const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
        const body = JSON.parse(await new Response(form.get('request')).text());
        for (const [name, file] of form) {
            if (name === 'request') continue;
            const steps = name.split('/'), last = steps.pop();
            const place = steps.reduce((at, step) => (at[step] ??= {}), body.input);
            place[last] = { name: file.name, content_type: file.type, size: file.size, data: Buffer.from(await file.arrayBuffer()).toString('base64') };
        }
        return body;
    }
    async function handle(request, response) {
        const url = new URL(request.url, 'http://mock');
        const path = url.pathname.slice(prefix.length) || '/';
        const send = (status, value, type = 'application/json', more = {}) => {
            response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...more });
            response.end(value === null ? undefined : typeof value === 'string' || value instanceof Buffer ? value : JSON.stringify(value));
        };
        try {
            if (!path.startsWith('/api/')) {
                const file = path === '/' ? 'index.html' : path.startsWith('/p/') ? 'pause.html' : path.replace('/assets/', '');
                const text = await readFile(new URL(`../../assets/${file}`, import.meta.url)).catch(() => null);
                if (!text || file.includes('..')) return send(404, 'not here', 'text/plain');
                return send(200, text, TYPES[file.split('.').pop()], { 'content-security-policy': CSP, 'x-content-type-options': 'nosniff' });
            }
            if (token && !path.startsWith('/api/links/') && request.headers.authorization !== `Bearer ${token}`) throw new Problem(401, 'unauthorized', 'A token is needed.');
            const events = path.match(/^\/api\/runs\/([^/]+)\/events$/);
            if (events) return stream(of(runs, events[1], 'run'), request, response);
            const body = await read(request);
            for (const route of routes) {
                const match = route.method === request.method && path.match(route.pattern);
                if (!match) continue;
                const params = Object.fromEntries(route.names.map((name, index) => [name, decodeURIComponent(match[index + 1])]));
                const result = route.handle({ ...params, query: url.searchParams, body, request });
                return Array.isArray(result) ? send(...result) : send(200, result);
            }
            throw new Problem(404, 'no_route', 'There is nothing here.');
        } catch (error) {
            if (!(error instanceof Problem)) console.error(error);
            const { status = 500, code = 'internal', message: detail, more } = error;
            send(status, { type: 'about:blank', title: code, status, code, detail, ...more }, 'application/problem+json');
        }
    }
    const server = createServer((request, response) => void handle(request, response));
    return new Promise(done => server.listen(port, '127.0.0.1', () => {
        const url = `http://127.0.0.1:${server.address().port}${prefix}/`;
        done({ url, app, workflows, close: () => (server.closeAllConnections(), new Promise(closed => server.close(closed))) });
    }));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
    const option = (name, other) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : other);
    const { url } = await serve({ port: Number(option('--port', 4000)), prefix: option('--prefix', ''), token: option('--token', ''), pace: Number(option('--pace', 1)) });
    console.log(url);
}
