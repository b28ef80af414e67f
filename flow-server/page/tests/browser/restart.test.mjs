// A server that ends in the middle of it, and comes back.
import assert from 'node:assert/strict';
import { status, suite } from './kit.mjs';

const test = suite();
// While nobody is there the browser says so for each request.
const expected = /ERR_CONNECTION_(REFUSED|RESET)|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION_CLOSED|ERR_SOCKET_NOT_CONNECTED/;

test('a server killed in the middle of a run is started again, and the page shows the end by itself', async ({ page, open, server, shot }) => {
    const run = await server.begin('crawl', { pages: 24, ms: 400 });
    await open(`#/runs/${run}`);
    await page.evaluate(() => { globalThis.isSamePage = true; });
    await page.getByRole('button', { name: /^parallel, for each [4-9]\/24, fork, at work/ }).waitFor();
    await server.crash();
    await page.getByText('The server cannot be reached. This page tries again by itself.').waitFor();
    await shot('gone');
    await server.again();
    await page.getByText('The server cannot be reached').first().waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: /^parallel, for each \d+\/24, fork, at work/ }).waitFor();
    await status(page, 'Completed');
    await page.getByRole('button', { name: /^parallel, for each 24\/24, fork, done/ }).waitFor();
    await page.getByText('3000', { exact: true }).waitFor();
    await page.getByRole('alert').waitFor({ state: 'hidden' });
    // Nothing of what happened is missing, and nothing is there twice.
    const { events } = await server.ask('GET', `api/runs/${run}/events?limit=1000`, undefined, { accept: 'application/json' });
    await page.getByRole('tab', { name: `Events ${events.length}` }).click();
    await page.getByText('run completed').waitFor();
    assert.ok(await page.evaluate(() => globalThis.isSamePage), 'the page was not loaded again');
}, { expected });

test('lists come back, and a question that waited is answered', async ({ page, open, server }) => {
    const run = await server.start('article', { topic: 'bees', tone: 'formal' });
    await open('#/runs');
    await page.getByRole('row', { name: /^Waiting article/ }).waitFor();
    await server.crash();
    await page.getByText('The server cannot be reached').first().waitFor();
    await server.again();
    await page.getByText('The server cannot be reached').first().waitFor({ state: 'hidden' });
    await server.start('hello', 'after that');
    await page.getByRole('row', { name: /after that/ }).waitFor();
    await open(`#/runs/${run}`);
    await page.getByRole('radio', { name: /^Reject/ }).check();
    await page.getByLabel('Feedback').fill('It came too late.');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByRole('heading', { name: 'the draft was rejected: It came too late.' }).waitFor();
}, { expected });
