// The server the tests run against: the example `demo` of flow-server, a process of its own for each test.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const HERE = new URL('../..', import.meta.url).pathname;
const DEMO = process.env.FLOW_DEMO ? resolve(process.env.FLOW_DEMO) : resolve(HERE, '../../target/debug/examples/demo');

/** A token for each access. */
export const TOKENS = {
    read: 'rita:read:read-0123456789abcdef',
    run: 'rob:run:run-0123456789abcdef',
    answer: 'ann:answer,editor:answer-0123456789abcdef',
    admin: 'ada:admin:admin-0123456789abcdef',
};
export const secretOf = name => TOKENS[name].split(':').pop();

/** Those that run: none outlives the tests, however these end. */
const running = new Set();
process.on('exit', () => running.forEach(child => child.kill('SIGKILL')));

/** Starts a server. `tokens`: callers say who they are. `prefix`: where it is nested. `memory`: it keeps nothing. */
export async function serve({ tokens = false, prefix = '', memory = false } = {}) {
    if (!existsSync(DEMO)) throw new Error(`There is no server at ${DEMO}: build it with \`cargo build -p flow-server --example demo\`, or say in FLOW_DEMO where it is.`);
    const folder = mkdtempSync(join(tmpdir(), 'flow-page-'));
    const env = { ...process.env, TMPDIR: folder, FLOW_PREFIX: prefix, FLOW_TOKENS: tokens ? Object.values(TOKENS).join(' ') : '' };
    let child, url;
    const begin = async address => {
        const args = memory ? [address] : [address, join(folder, 'store.db')];
        child = spawn(DEMO, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
        running.add(child);
        child.once('exit', () => running.delete(child));
        const gone = new Promise((_, fail) => {
            child.once('error', fail);
            child.once('exit', (code, signal) => fail(new Error(`the server ended with ${code ?? signal} before it said where it is`)));
        });
        const [line] = await Promise.race([new Promise(told => createInterface({ input: child.stdout }).once('line', line => told([line]))), gone]);
        url = line.trim();
        gone.catch(() => {});
    };
    const crash = () => new Promise(done => {
        if (child.exitCode !== null || child.signalCode !== null) return done();
        child.once('exit', done);
        child.kill('SIGKILL');
    });
    await begin('127.0.0.1:0');

    /** A request, as another program would send it. */
    const ask = async (method, path, body, headers = {}) => {
        const from = tokens ? { authorization: `Bearer ${secretOf('admin')}` } : {};
        const reply = await fetch(new URL(path, url), { method, headers: { 'content-type': 'application/json', ...from, ...headers }, body: body === undefined ? undefined : JSON.stringify(body) });
        const text = await reply.text();
        if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
        return text ? JSON.parse(text) : null;
    };
    return {
        get url() { return url; },
        folder,
        ask,
        show: run => ask('GET', `api/runs/${run}`),
        /** Starts a run, and waits until it has ended or asks. Returns its id. */
        start: async (workflow, input, more = {}) => (await ask('POST', `api/workflows/${workflow}/runs`, { input, ...more }, { prefer: 'wait=30' })).run,
        /** Starts a run that goes on. */
        begin: async (workflow, input, more = {}) => (await ask('POST', `api/workflows/${workflow}/runs`, { input, ...more })).run,
        answer: (run, pause, answer, more = {}) => ask('POST', `api/runs/${run}/pauses/${pause}/answer`, { answer, ...more }, { prefer: 'wait=30' }),
        /** Where a file of this name is, or will be. */
        path: name => join(folder, name),
        write: (name, text = '') => writeFileSync(join(folder, name), text),
        /** Ends it in the middle of whatever it does. */
        crash,
        /** Starts it again, where it was, with what it has kept. */
        again: () => begin(new URL(url).host),
        close: async () => {
            await crash();
            rmSync(folder, { recursive: true, force: true });
        },
    };
}
