// Lists: of runs, of questions, of sessions.
import assert from 'node:assert/strict';
import { accessible, copied, suite, until } from './kit.mjs';
import { past } from './past.mjs';

const test = suite();
const rows = page => page.getByRole('rowgroup').last().getByRole('row');
const count = (page, number) => until(`there are ${number} rows`, async () => await rows(page).count() === number);

test('runs are filtered and searched, and there are more below', async ({ page, open, server }) => {
    await past(server);
    for (let number = 0; number < 50; number += 1) await server.begin('hello', `guest ${number}`);
    await open('#/runs');
    await count(page, 50);
    await page.getByRole('button', { name: 'Show older runs' }).click();
    await count(page, 63);
    await page.getByRole('button', { name: /^Failed/ }).click();
    await count(page, 2);
    assert.match(page.url(), /status=failed/);
    await page.getByRole('combobox', { name: 'Workflow' }).selectOption('parcel');
    await count(page, 1);
    await page.getByRole('button', { name: /^All/ }).click();
    await page.getByRole('combobox', { name: 'Workflow' }).selectOption('All workflows');
    const search = page.getByRole('searchbox');
    await search.fill('user:dora');
    await count(page, 2);
    await search.fill('source=timer');
    await count(page, 1);
    await page.getByRole('row', { name: /cron/ }).waitFor();
    await search.fill('guest 17');
    await count(page, 1);
    await search.fill('no such run');
    await page.getByText('No run is like that').waitFor();
    await search.fill('session:letters');
    await count(page, 1);
    await page.reload();
    await count(page, 1);
    assert.equal(await search.inputValue(), 'session:letters');
});

test('what happens while the page is open shows by itself', async ({ page, open, server }) => {
    const run = await server.start('agreement', 'the sky is blue', { user: 'fritz' });
    await open('#/runs');
    await page.getByRole('row', { name: /the sky is blue/ }).getByText('Waiting').waitFor();
    await page.getByLabel('1 open questions').waitFor();
    await server.answer(run, 'confirm-1', 'No', { by: 'root' });
    await page.getByRole('row', { name: /the sky is blue/ }).getByText('Failed').waitFor();
    await page.getByLabel('1 open questions').waitFor({ state: 'hidden' });
    await server.begin('slow', { rounds: 1000, ms: 1000 });
    await page.getByRole('row', { name: /^Running slow/ }).waitFor();
});

test('a question is found and answered; somebody else was faster with another', async ({ page, open, server }) => {
    const runs = await past(server);
    await open('#/pauses');
    const questions = page.getByRole('list', { name: 'Open questions' }).getByRole('listitem');
    await until('there are five questions', async () => await questions.count() === 5);
    await page.getByRole('searchbox').fill('four');
    await until('one is found', async () => await questions.count() === 1);
    await page.getByRole('link', { name: /^Is this right/ }).click();
    // It says who may answer, and so does the server.
    await page.getByText('for root, anyone with the role editor').waitFor();
    await page.getByLabel(/^Your name/).fill('fritz');
    await page.getByRole('button', { name: 'Yes' }).click();
    await page.getByText('and not for fritz').waitFor();
    await accessible(page, 'a question one may not answer');
    await page.getByLabel(/^Your name/).fill('root');
    await page.getByRole('button', { name: 'Yes' }).click();
    await page.getByText('Your answer is given.').waitFor();
    await page.getByRole('searchbox').fill('');
    await page.getByRole('link', { name: /^May the draft be published/ }).click();
    await page.getByRole('radio', { name: /^Publish/ }).check();
    await page.getByLabel('By').fill('Ann');
    // The lists come again by themselves, but not this one: it is as somebody sees it who was a moment too late.
    await page.route('**/api/pauses?*', route => new Promise(() => route));
    await server.answer(runs.article, 'approve-1', { Publish: { by: 'Greta' } }, { by: 'greta' });
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText(/greta has answered before you/).waitFor();
}, { expected: /status of (403|409)/ });

test('a session has a state and a history; it is renamed and deleted', async ({ page, open, server }) => {
    await past(server);
    await open('#/sessions');
    await page.getByRole('searchbox').fill('corner');
    await count(page, 1);
    await page.getByRole('link', { name: 'The shop at the corner' }).click();
    await page.getByRole('region', { name: 'State' }).getByText('cay').waitFor();
    await until('it has three runs', async () => await page.getByRole('region', { name: 'Runs' }).getByRole('listitem').count() === 3);
    await page.getByRole('button', { name: 'Copy State' }).click();
    assert.deepEqual(JSON.parse(await until('the state is copied', () => copied(page))), { visits: 3, last: 'cay' });
    // What happens in it shows by itself.
    await server.start('visit', 'dora', { session: 'shop' });
    await page.getByRole('region', { name: 'State' }).getByText('dora').waitFor();
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('Name of the session').fill('The old shop');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'The old shop' }).waitFor();
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('Name of the session').fill('');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'shop', exact: true }).waitFor();
    await page.getByRole('link', { name: /^Completed visit dora/ }).click();
    await page.getByRole('link', { name: 'shop', exact: true }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await accessible(page, 'the question before a session is deleted');
    await page.getByRole('button', { name: 'Delete the session' }).click();
    await page.getByRole('heading', { name: 'Sessions' }).waitFor();
    await page.getByRole('link', { name: 'shop', exact: true }).waitFor({ state: 'hidden' });
    // One whose run goes on is not.
    await page.getByRole('link', { name: 'letters' }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete the session' }).click();
    await page.getByText(/has not ended/).waitFor();
}, { expected: /status of 409/ });
