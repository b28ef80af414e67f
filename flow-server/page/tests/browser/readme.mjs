// Takes the pictures of the README: `npm run readme`, after `cargo build --example content_creation`. It is used as a person would.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { launch, listen } from './kit.mjs';

const ROOT = new URL('../../../..', import.meta.url).pathname;
const PROGRAM = resolve(process.env.FLOW_EXAMPLE ?? join(ROOT, 'target/debug/examples/content_creation'));
const TOPICS = ['how a run survives a crash', 'what a checkpoint saves', 'asking people'];

const home = mkdtempSync(join(tmpdir(), 'flow-readme-'));
const server = spawn(PROGRAM, ['serve', '--addr', '127.0.0.1:0', '--store', `sqlite:${join(home, 'flow.db')}`], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => { server.kill('SIGKILL'); rmSync(home, { recursive: true, force: true }); });
const url = await new Promise(told => createInterface({ input: server.stdout }).once('line', told));

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1180, height: 720 }, deviceScaleFactor: 1 });
const complaints = await listen(context);
const page = await context.newPage();
const picture = name => page.screenshot({ path: join(ROOT, 'docs', `page-${name}.png`) });

for (const topic of TOPICS) {
    await page.goto(`${url}#/start/content-creation`);
    await page.getByLabel('Topic').fill(topic);
    await page.getByLabel('Folder').fill('docs');
    await page.getByLabel('Out').fill(join(home, 'article.html'));
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('status').filter({ hasText: /waits|paused/i }).first().waitFor();
    if (topic === TOPICS[0]) continue;
    if (topic === TOPICS.at(-1)) break;
    await page.getByRole('radio', { name: /Publish/ }).check();
    await page.getByLabel('by', { exact: true }).fill('Ann');
    await page.getByRole('button', { name: /^(Answer|Send)/ }).click();
    await page.getByRole('status').filter({ hasText: /completed|done/i }).first().waitFor();
}
await picture('answer');
await page.goto(`${url}#/runs`);
await page.getByRole('link', { name: 'what a checkpoint saves' }).or(page.getByRole('row')).first().waitFor();
await picture('runs');
await browser.close();
if (complaints.length) throw new Error(complaints.join('\n'));
process.exit(0);
