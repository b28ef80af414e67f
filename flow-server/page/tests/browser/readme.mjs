// Takes the pictures of the README: `npm run readme`, after `cargo build --example content_creation`. It is used as a person would.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { launch, listen } from './kit.mjs';

const ROOT = new URL('../../../..', import.meta.url).pathname;
const PROGRAM = resolve(process.env.FLOW_EXAMPLE ?? join(ROOT, 'target/debug/examples/content_creation'));
const TOPICS = ['how a run survives a crash', 'what a checkpoint saves', 'asking people'];

const home = mkdtempSync(join(tmpdir(), 'flow-readme-'));
symlinkSync(join(ROOT, 'docs'), join(home, 'docs'));
const server = spawn(PROGRAM, ['serve', '--addr', '127.0.0.1:0', '--store', 'sqlite:flow.db', '--quiet'], { cwd: home, stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => { server.kill('SIGKILL'); rmSync(home, { recursive: true, force: true }); });
const url = await new Promise(told => createInterface({ input: server.stdout }).once('line', told));

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1180, height: 720 }, deviceScaleFactor: 1 });
const complaints = await listen(context);
const page = await context.newPage();
const picture = async name => {
    await page.getByText(/The run has begun|Your answer is given/).waitFor({ state: 'hidden' });
    await page.screenshot({ path: join(ROOT, 'docs', `page-${name}.png`) });
};

const start = async topic => {
    await page.goto(`${url}#/start/content-creation`);
    await page.getByLabel('Topic').fill(topic);
    await page.getByLabel('Folder').fill('docs');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('status').filter({ hasText: 'Waiting' }).first().waitFor();
};

await start(TOPICS[0]);
await page.getByRole('radio', { name: /Publish/ }).check();
await page.getByLabel('By', { exact: false }).first().fill('Ann');
await picture('answer');
await page.getByRole('button', { name: 'Answer', exact: true }).click();
await page.getByRole('status').filter({ hasText: 'Completed' }).first().waitFor();
await page.evaluate(() => scrollTo(0, 0));
await picture('run');
for (const topic of TOPICS.slice(1)) await start(topic);
await page.goto(`${url}#/runs`);
await page.getByText(TOPICS.at(-1)).first().waitFor();
await picture('runs');
await browser.close();
if (complaints.length) throw new Error(complaints.join('\n'));
process.exit(0);
