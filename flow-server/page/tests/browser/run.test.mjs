import assert from 'node:assert/strict';
import { accessible, suite } from './kit.mjs';

const test = suite();
const status = (page, words) => page.locator('.run-head .pill', { hasText: words }).waitFor();

test('a run is started from the form, watched live, answered, and its result seen', async ({ page, open, shot }) => {
    await open('#/runs');
    await page.getByRole('link', { name: 'Start a run' }).click();
    await page.getByRole('link', { name: /^content_creation/ }).click();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('Fill this in.').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.previousElementSibling?.previousElementSibling?.textContent), 'Topic');
    await page.getByLabel('Topic').fill('bees and wasps');
    await page.getByLabel('Words').fill('20');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('An article has at least 50 words.').waitFor();
    assert.equal(await page.getByLabel('Words').getAttribute('aria-invalid'), 'true');
    await shot('start-error');
    await page.getByLabel('Words').fill('300');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'content_creation' }).waitFor();
    await page.locator('[data-node].is-working').first().waitFor();
    await shot('live');
    await status(page, 'Waiting');
    await page.getByRole('heading', { name: /Please read the draft/ }).waitFor();
    await accessible(page, 'a run that waits');
    await page.getByRole('radio', { name: /^Change/ }).check();
    await page.getByRole('textbox', { name: 'Title' }).fill('Of bees');
    await page.getByRole('button', { name: 'Add a comment' }).click();
    await page.getByLabel(/^Comment/).fill('The old one was dull.');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText('approve-2').first().waitFor();
    await page.getByText('asked once before').waitFor();
    await page.getByRole('radio', { name: /^Publish/ }).check();
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText('Fill this in.').waitFor();
    await page.getByLabel('By').fill('Ann');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await status(page, 'Completed');
    await page.getByText('Of bees').first().waitFor();
    await page.getByRole('button', { name: /^publish, step, done/ }).click();
    await page.getByText('Output: article').waitFor();
    await shot('done');
});

test('a draft is rejected with feedback, and the run fails with it', async ({ page, open, runs, shot }) => {
    const [run] = runs('content_creation', 'paused');
    await open(`#/runs/${run.id}`);
    await page.getByRole('radio', { name: /^Reject/ }).check();
    await page.getByLabel('Why').fill('no');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText('At least 3 characters.').waitFor();
    await page.getByLabel('Why').fill('The second section is off the topic.');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await status(page, 'Failed');
    await page.getByRole('heading', { name: 'the draft was rejected: The second section is off the topic.' }).waitFor();
    await shot('rejected');
    await accessible(page, 'a run that has failed');
});

test('a failed run is tried again', async ({ page, open, runs }) => {
    const [run] = runs('order_saga', 'failed');
    await open(`#/runs/${run.id}`);
    await page.getByText('the carrier does not answer: connection refused').first().waitFor();
    await page.getByRole('button', { name: 'Retry' }).click();
    await status(page, 'Completed');
    await page.getByText('DE-00417').waitFor();
});

test('a copy of a run is made from a checkpoint, with another value', async ({ page, open, runs, shot }) => {
    const [run] = runs('content_creation', 'completed');
    await open(`#/runs/${run.id}?tab=checkpoints`);
    await page.getByRole('option', { name: /write done/ }).click();
    await page.getByText('draft (new)').waitFor();
    await page.getByRole('button', { name: 'Copy the run from here' }).click();
    const draft = page.getByLabel(/^draft/);
    await draft.fill('{');
    await page.getByRole('button', { name: 'Start the copy' }).click();
    await page.getByText('This is not JSON').waitFor();
    await draft.fill(JSON.stringify({ title: 'Another one', lead: null, sections: [], facts: [] }));
    await shot('fork');
    await accessible(page, 'the window of a copy');
    await page.getByRole('button', { name: 'Start the copy' }).click();
    await status(page, 'Waiting');
    await page.getByText('Another one').first().waitFor();
    await page.getByText('Copy of').waitFor();
});

test('a run is cancelled after a question', async ({ page, open, runs }) => {
    const [run] = runs('order_saga', 'paused');
    await open(`#/runs/${run.id}`);
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('dialog').getByText('This cannot be taken back.').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.getByRole('dialog').count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Cancel');
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await status(page, 'Cancelled');
});

test('somebody else was faster, and who may not answer is told so', async ({ page, open, runs }) => {
    const [run] = runs('order_saga', 'paused');
    await open(`#/pauses/${run.id}/${run.pauses[0].id}`);
    await page.getByLabel(/^Your name/).fill('Fritz');
    await page.getByRole('button', { name: 'Yes' }).click();
    await page.getByText('Fritz may not answer').waitFor();
    run.answer(run.pauses[0].id, { answer: 'Yes', by: 'Greta' });
    await page.getByLabel(/^Your name/).fill('Hans');
    await page.getByRole('button', { name: 'Yes' }).click();
    await page.getByText(/Greta has answered before you|not open any more/).first().waitFor();
});

test('the timeline, the events and their search', async ({ page, open, runs, shot }) => {
    const [crawl] = runs('crawl', 'completed');
    await open(`#/runs/${crawl.id}?tab=time`);
    await page.getByRole('button', { name: /settle · 40 branches/ }).click();
    await page.locator('.row.is-step').nth(30).waitFor();
    await page.getByRole('button', { name: /settle · 40 branches/ }).click();
    const [run] = runs('content_creation', 'completed');
    await open(`#/runs/${run.id}?tab=time`);
    await page.getByText('Shorten long waits').waitFor();
    await accessible(page, 'the timeline');
    await shot('timeline');
    await page.getByRole('tab', { name: /Events/ }).click();
    await page.getByPlaceholder('Search events').fill('check_facts failed');
    await page.getByText(/^1 of \d+ events$/).waitFor();
    await page.getByRole('button', { name: /step failed/ }).click();
    await page.getByText('"the folder is being written to"').waitFor();
    await accessible(page, 'the events');
    await shot('events');
});

test('what happens while the page is open shows by itself', async ({ page, open, runs, server }) => {
    await open('#/runs');
    await page.getByText('samovar').or(page.getByText('Fritz')).first().waitFor();
    const [run] = runs('order_saga', 'paused');
    run.answer(run.pauses[0].id, { answer: 'Yes', by: 'Greta' });
    await page.locator('tr', { hasText: 'Fritz' }).locator('.pill', { hasText: 'Failed' }).waitFor();
    server.app.start(server.workflows.find(one => one.id === 'crawl'), { files: 3 });
    await page.locator('tbody tr').first().getByText('crawl').waitFor();
});

test('five hundred nodes stay usable', async ({ page, open, server, shot }) => {
    const run = server.app.start(server.workflows.find(one => one.id === 'long_haul'), { steps: 400 });
    await open(`#/runs/${run.id}`);
    await page.locator('[data-node].is-done').nth(5).waitFor();
    const frame = page.locator('.graph-frame');
    const box = await frame.boundingBox();
    const frames = page.evaluate(() => new Promise(done => {
        let last = performance.now();
        const all = [];
        const look = now => {
            all.push(now - last);
            last = now;
            if (all.length < 80) requestAnimationFrame(look);
            else done(all.sort((left, right) => left - right));
        };
        requestAnimationFrame(look);
    }));
    await page.mouse.move(box.x + 200, box.y + 200);
    await page.mouse.down();
    for (let step = 0; step < 30; step += 1) await page.mouse.move(box.x + 200, box.y + 200 - step * 6);
    await page.mouse.up();
    const all = await frames;
    console.log(`    500 nodes, live: frames of a drag took ${all[40].toFixed(0)} ms, 9 of 10 at most ${all[72].toFixed(0)} ms, all at most ${all[79].toFixed(0)} ms`);
    assert.ok(all[40] < 60, `half of the frames took more than ${all[40]} ms`);
    await page.getByRole('button', { name: 'Show all of it' }).click();
    await shot('five-hundred');
});

test('addresses lead to what they name', async ({ page, open, runs }) => {
    const [run] = runs('content_creation', 'completed');
    await open(`#/runs/${run.id}?node=6`);
    await page.getByRole('heading', { name: 'check_facts' }).waitFor();
    await page.getByText('the folder is being written to').waitFor();
    await page.getByRole('button', { name: 'Copy the run\'s id' }).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), run.id);
    await open('#/runs/no-such-run');
    await page.getByText('There is no such run').waitFor();
});
