// One run: watched, answered, tried again, copied, cancelled.
import assert from 'node:assert/strict';
import { accessible, copied, status, suite, until } from './kit.mjs';

const test = suite();
const answer = page => page.getByRole('button', { name: 'Answer', exact: true });

test('a run is watched live: nodes of its graph, a fan-out as one node with a count, its timeline', async ({ page, open, server, shot }) => {
    const run = await server.begin('crawl', { pages: 40, ms: 300 }, { user: 'ann' });
    await open(`#/runs/${run}`);
    await status(page, 'Running');
    await page.getByRole('button', { name: /^find, step, done/ }).waitFor();
    await page.getByRole('button', { name: /^parallel, for each \d+\/40, fork, at work, \d+ of 40 items done/ }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^read.*, step/ }).count(), 1, 'forty steps are one node');
    await page.getByRole('button', { name: /^add_up, step, not reached/ }).waitFor();
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await page.getByRole('button', { name: /^parallel · \d+ branches/ }).click();
    await page.getByRole('img', { name: /^At work: Attempt 1/ }).first().waitFor();
    await page.getByRole('img', { name: /failed: page 7 is gone/ }).first().waitFor();
    await shot('live-timeline');
    await status(page, 'Completed');
    await page.getByRole('rowheader', { name: 'add_up' }).waitFor();
    await page.getByRole('tab', { name: 'Graph' }).click();
    await page.getByRole('button', { name: 'parallel, for each 40/40, fork, done, 40 of 40 items done' }).click();
    await page.getByRole('heading', { name: /parallel/ }).waitFor();
    await page.getByText('Output', { exact: true }).waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Back to the run' }).click();
    await page.getByText('8200', { exact: true }).waitFor();
});

test('a letter is rejected with feedback, edited, and accepted in the end', async ({ page, open, server, shot }) => {
    const run = await server.start('write-letter', { topic: 'the garden', to: 'Ms Green' });
    await open(`#/runs/${run}`);
    await page.getByRole('heading', { name: 'Is this letter good?' }).waitFor();
    await page.getByRole('radio', { name: /^Reject/ }).check();
    await answer(page).click();
    await page.getByText('Fill this in.').waitFor();
    await page.getByRole('textbox', { name: 'Feedback' }).fill('It says nothing of roses.');
    await page.getByLabel(/^Your name/).fill('Ben');
    await page.getByRole('button', { name: 'Add a comment' }).click();
    await page.getByLabel(/^Comment/).fill('Look at the one of May.');
    await shot('reject');
    await accessible(page, 'an answer with a comment');
    await answer(page).click();
    await page.getByText('review-2').first().waitFor();
    await page.getByText('asked once before').waitFor();
    await page.getByText('PS: It says nothing of roses.').first().waitFor();
    await page.getByRole('button', { name: /^revise, step, done/ }).waitFor();
    // An edit begins with what is to be edited.
    await page.getByRole('radio', { name: /^Edit/ }).check();
    assert.equal(await page.getByRole('textbox', { name: 'Subject' }).inputValue(), 'About the garden');
    await page.getByRole('textbox', { name: 'Subject' }).fill('Of roses');
    await answer(page).click();
    await page.getByText('review-3').first().waitFor();
    await page.getByRole('radio', { name: /^Accept/ }).check();
    await answer(page).click();
    await status(page, 'Completed');
    await page.getByText('“Of roses” is on its way').waitFor();
    await page.getByRole('button', { name: /^review ×3, question, done, 3 times/ }).click();
    await page.getByText('Look at the one of May.').waitFor();
    await accessible(page, 'a question that is over');
    // Each event is there once, however often the page has asked anew.
    const { events } = await server.ask('GET', `api/runs/${run}/events?limit=1000`, undefined, { accept: 'application/json' });
    await page.getByRole('tab', { name: `Events ${events.length}`, exact: true }).click();
    await page.getByText('run completed').waitFor();
    const { pauses } = await server.show(run);
    assert.deepEqual(pauses.map(({ by, comment }) => [by ?? null, comment ?? null]), [['Ben', 'Look at the one of May.'], ['Ben', null], ['Ben', null]]);
});

test('what one has to choose is chosen, of two questions at once', async ({ page, open, server }) => {
    const run = await server.start('both', 'to the sea');
    await open(`#/runs/${run}`);
    await page.getByRole('region', { name: 'Who comes?' }).getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText('Choose at least 1.').waitFor();
    await page.getByRole('checkbox', { name: 'Ann' }).check();
    await page.getByRole('checkbox', { name: 'Cay' }).check();
    await page.getByRole('region', { name: 'Who comes?' }).getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByRole('region', { name: 'Who comes?' }).waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Right' }).click();
    await status(page, 'Completed');
    assert.deepEqual((await server.show(run)).output, ['to the sea: right', ['ann', 'cay']]);
});

test('a failed run is mended and tried again', async ({ page, open, server }) => {
    const run = await server.start('parcel', { name: 'a kettle', key: server.path('key') });
    await open(`#/runs/${run}`);
    await status(page, 'Failed');
    await page.getByRole('heading', { name: /^the van with Hello, a kettle does not start/ }).waitFor();
    await page.getByRole('button', { name: /^deliver, step, failed/ }).click();
    await page.getByText('failed').first().waitFor();
    await page.getByRole('button', { name: 'Copy the error' }).click();
    assert.match(await until('the error is copied', () => copied(page)), /^the van with Hello, a kettle/);
    server.write('key');
    await page.getByRole('button', { name: 'Retry' }).click();
    await status(page, 'Completed');
    await page.getByText('2 attempts').waitFor();
    await page.getByRole('button', { name: 'Back to the run' }).click();
    await page.getByText('Hello, a kettle is delivered').first().waitFor();
});

test('a copy of a run goes on from a checkpoint with another value', async ({ page, open, server, shot }) => {
    server.write('spare-key');
    const run = await server.start('parcel', { name: 'a kettle', key: server.path('key') });
    await open(`#/runs/${run}`);
    await page.getByRole('button', { name: 'Copy from…' }).click();
    await page.getByRole('option', { name: /greet done/ }).click();
    await page.getByText('greeting (new)').waitFor();
    await page.getByRole('button', { name: 'Copy the run from here' }).click();
    await page.getByRole('dialog', { name: 'Copy from “greet done”' }).waitFor();
    await page.getByLabel(/^key/).fill(server.path('spare-key'));
    await page.getByLabel(/^greeting/).fill('Good day, a kettle');
    await shot('fork');
    await accessible(page, 'the window of a copy');
    await page.getByRole('button', { name: 'Start the copy' }).click();
    await status(page, 'Completed');
    await page.getByText('Good day, a kettle is delivered').first().waitFor();
    await page.getByText('Copy of').waitFor();
    await page.getByRole('definition').getByRole('link', { name: run.slice(-8) }).click();
    await status(page, 'Failed');
});

test('a value that does not fit is refused where it is', async ({ page, open, server }) => {
    const run = await server.start('article', { topic: 'bees', tone: 'formal' });
    await open(`#/runs/${run}?tab=checkpoints`);
    await page.getByRole('option', { name: /write done/ }).click();
    await page.getByRole('button', { name: 'Copy the run from here' }).click();
    const draft = page.getByLabel(/^draft/);
    await draft.fill('{');
    await page.getByRole('button', { name: 'Start the copy' }).click();
    await page.getByText('This is not JSON').waitFor();
    await draft.fill('{"title": 7, "text": ""}');
    await page.getByRole('button', { name: 'Start the copy' }).click();
    await page.getByText(/expected a string/).waitFor();
    assert.equal(await draft.getAttribute('aria-invalid'), 'true');
    await draft.fill('{"title": "Of wasps", "text": ""}');
    await page.getByRole('button', { name: 'Start the copy' }).click();
    await status(page, 'Waiting');
    await page.getByText('Of wasps').first().waitFor();
}, { expected: /status of 422/ });

test('a run is cancelled after a question', async ({ page, open, server }) => {
    const run = await server.begin('slow', { rounds: 1000, ms: 1000 });
    await open(`#/runs/${run}`);
    await status(page, 'Running');
    const cancel = page.getByRole('button', { name: 'Cancel', exact: true });
    await cancel.click();
    await page.getByRole('dialog').getByText('This cannot be taken back.').waitFor();
    await accessible(page, 'the question before a run is cancelled');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Cancel');
    await cancel.click();
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await status(page, 'Cancelled');
    await cancel.waitFor({ state: 'hidden' });
});

test('what was saved at each checkpoint, and what happened, is found', async ({ page, open, server }) => {
    const run = await server.start('article', { topic: 'Bees', tone: 'friendly', sources: ['the library', 'the street'] });
    await open(`#/runs/${run}?tab=checkpoints`);
    await page.getByRole('option', { name: /^0 start/ }).click();
    await page.getByRole('heading', { name: 'At the start' }).waitFor();
    await page.getByText('Bees').first().waitFor();
    await page.keyboard.press('End');
    await page.getByRole('region', { name: /^Checkpoint \d/ }).getByRole('button', { name: /^Copy draft/ }).click();
    assert.deepEqual(JSON.parse(await until('the draft is copied', () => copied(page))), { title: 'Bees', text: 'What the library says. What the street says.' });
    await page.getByRole('tab', { name: /^Events/ }).click();
    await page.getByPlaceholder('Search events').fill('step completed research');
    await page.getByText(/^2 of \d+ events$/).waitFor();
    await page.getByRole('button', { name: /step completed.*parallel\.1/ }).click();
    await page.getByText('"path": "parallel.1"').waitFor();
    await accessible(page, 'an event');
    await page.getByRole('button', { name: 'Copy this event' }).click();
    assert.equal((await until('the event is copied', async () => { const text = await copied(page); return text.includes('parallel.1') && JSON.parse(text); })).step, 'research');
    await page.getByPlaceholder('Search events').fill('no such thing');
    await page.getByText('No event is like that').waitFor();
    await page.getByPlaceholder('Search events').fill('');
    await page.getByRole('button', { name: 'Questions', exact: true }).click();
    await page.getByText(/^1 of \d+ events$/).waitFor();
});

test('addresses lead to what they name', async ({ page, open, server }) => {
    const run = await server.start('article', { topic: 'Bees', tone: 'friendly', unasked: true });
    await open(`#/runs/${run}?node=5`);
    await page.getByRole('heading', { name: 'write' }).waitFor();
    await page.getByText('Output: draft').waitFor();
    await page.getByRole('button', { name: 'Copy the run\'s id' }).click();
    await page.getByText('Copied the run\'s id.').waitFor();
    assert.equal(await copied(page), run);
    await open(`#/runs/${run}?tab=checkpoints&checkpoint=0`);
    await page.getByRole('heading', { name: 'At the start' }).waitFor();
    await open(`#/runs/${run}?tab=events`);
    await page.getByText('run completed').waitFor();
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await page.reload();
    await page.getByRole('rowheader', { name: 'publish' }).waitFor();
    await open('#/runs/no-such-run');
    await page.getByRole('heading', { name: 'There is no such run' }).waitFor();
}, { expected: /status of 404/ });
