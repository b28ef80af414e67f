// Who may do what: tokens, links to one question, a server that is nested in another.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { OUT, PHONE, accessible, copied, fits, status, suite, until } from './kit.mjs';
import { secretOf } from './server.mjs';

const test = suite();
const enter = async (page, secret) => {
    await page.getByRole('textbox', { name: 'Token' }).fill(secret);
    await page.getByRole('button', { name: 'Go on' }).click();
};

test('a token is asked for once, kept in this tab, and forgotten', async ({ page, open, server, shot }) => {
    const run = await server.start('article', { topic: 'bees', tone: 'formal' });
    await open(`#/runs/${run}`);
    await page.getByRole('dialog', { name: 'A token is needed' }).waitFor();
    await accessible(page, 'the window of the token');
    await shot('token');
    await enter(page, 'a-wrong-one-0123456789');
    await page.getByText('This token is not accepted.').waitFor();
    await enter(page, secretOf('admin'));
    await page.getByRole('heading', { name: 'May the draft be published?' }).waitFor();
    await page.getByRole('tab', { name: /^Events \d+/ }).waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByText('ada').waitFor();
    assert.equal(await page.getByLabel(/^Your name/).count(), 0, 'the server knows who answers');
    await page.reload();
    await page.getByRole('radio', { name: /^Publish/ }).check();
    await page.getByLabel('By').fill('Ada');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await status(page, 'Completed');
    assert.equal((await server.show(run)).pauses[0].by, 'ada');
    await page.getByRole('button', { name: 'Forget the token' }).click();
    await page.getByRole('dialog', { name: 'A token is needed' }).waitFor();
}, { server: { tokens: true }, expected: /status of 401/ });

test('who may only read sees no buttons, and is told why elsewhere', async ({ page, open, server, shot }) => {
    const run = await server.start('article', { topic: 'bees', tone: 'formal' }, { session: 'bees' });
    const failed = await server.start('parcel', { name: 'tea', key: server.path('key') });
    await server.start('visit', 'ann', { session: 'shop' });
    await open(`#/runs/${run}`);
    await enter(page, secretOf('read'));
    await page.getByText('You may see this question, but not answer it.').waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByText('rita').waitFor();
    const none = async (...names) => {
        for (const name of names) await page.getByRole('button', { name, exact: true }).or(page.getByRole('link', { name, exact: true })).first().waitFor({ state: 'hidden' });
    };
    await none('Answer', 'Cancel', 'Copy from…', 'Start like this', 'Let somebody else answer by a link');
    await accessible(page, 'a run one may only look at');
    await shot('read-only');
    await page.getByRole('tab', { name: 'Checkpoints' }).click();
    await page.getByRole('option', { name: /write done/ }).waitFor();
    await none('Copy the run from here');
    await open(`#/runs/${failed}`);
    await status(page, 'Failed');
    await none('Retry');
    await open(`#/pauses/${run}/approve-1`);
    await page.getByText('You may see this question, but not answer it.').waitFor();
    await open('#/sessions/shop');
    await page.getByRole('region', { name: 'State' }).waitFor();
    await none('Rename', 'Delete');
    await open('#/runs');
    await page.getByRole('row', { name: /parcel/ }).waitFor();
    await none('Start a run', 'Start');
    // By its address one gets there all the same.
    await open('#/start/hello');
    await page.getByRole('textbox').first().fill('Ann');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('may not do this: it needs the access `run`').waitFor();
}, { server: { tokens: true }, expected: /status of (401|403)/ });

test('who may run does so with their own runs, and puts no other values into copies', async ({ page, open, server }) => {
    const start = (as, user) => server.ask('POST', 'api/workflows/article/runs', { input: { topic: 'bees', tone: 'formal' }, user }, { authorization: `Bearer ${secretOf(as)}`, prefer: 'wait=30' });
    const [own, other] = [(await start('run')).run, (await start('admin', 'ann')).run];
    await open(`#/runs/${own}`);
    await enter(page, secretOf('run'));
    await page.getByRole('button', { name: 'Cancel', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Copy from…' }).click();
    await page.getByRole('option', { name: /write done/ }).click();
    await page.getByRole('button', { name: 'Copy the run from here' }).click();
    const values = page.getByRole('dialog').getByRole('textbox');
    for (const value of await values.all()) assert.equal(await value.getAttribute('readonly'), '');
    await page.getByRole('button', { name: 'Start the copy' }).click();
    await page.getByText('The copy has begun.').waitFor();
    await open(`#/runs/${other}`);
    await page.getByRole('link', { name: 'Start like this' }).waitFor();
    for (const name of ['Cancel', 'Copy from…']) assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name);
}, { server: { tokens: true }, expected: /status of 401/ });

test('who may run starts in their own name, and whose answer counts by a role gives it', async ({ page, open, server }) => {
    await open('#/start/agreement');
    await enter(page, secretOf('run'));
    await page.getByRole('textbox').first().fill('two and two are four');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await status(page, 'Waiting');
    await page.getByRole('definition').getByText('rob').waitFor();
    await page.getByText('You may see this question, but not answer it.').waitFor();
    await page.getByRole('button', { name: 'Forget the token' }).click();
    await enter(page, secretOf('answer'));
    await page.getByRole('button', { name: 'Yes' }).click();
    await page.getByText('confirm-2').first().waitFor();
    await page.getByRole('button', { name: 'Yes' }).click();
    await page.getByText('and not for ann').waitFor();
}, { server: { tokens: true }, expected: /status of (401|403)/ });

test('a link to one question is made, followed on a phone, and good for one answer', async ({ page, open, server, context, shot }) => {
    const run = await server.start('write-letter', { topic: 'the garden', to: 'Ms Green' });
    await open(`#/runs/${run}`);
    await page.getByRole('button', { name: /by a link/ }).click();
    await page.getByLabel(/^Who gets it/).fill('erin');
    await page.getByLabel('It is good for').selectOption('an hour');
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.getByRole('button', { name: 'Copy the link' }).click();
    const link = await until('the link is copied', async () => { const text = await copied(page); return text.startsWith('http') && text; });
    assert.equal(link, await page.getByLabel(/^The link/).inputValue());
    assert.match(link, /\/some\/flow\/p\//);
    await accessible(page, 'the window of a link');
    await shot('link-made');
    const guest = await context.newPage();
    await guest.setViewportSize(PHONE.viewport);
    await guest.goto(link);
    await guest.getByRole('heading', { level: 1, name: 'Is this letter good?' }).waitFor();
    await accessible(guest, 'the page of a link');
    await fits(guest, 'the page of a link');
    await guest.screenshot({ path: join(OUT, 'link.png'), fullPage: true });
    await guest.getByRole('radio', { name: /^Accept/ }).check();
    await guest.getByRole('button', { name: 'Answer', exact: true }).click();
    await guest.getByRole('heading', { name: 'Thank you' }).waitFor();
    await guest.reload();
    await guest.getByRole('heading', { name: 'This link is not good any more' }).waitFor();
    await accessible(guest, 'the page of a used link');
    await guest.screenshot({ path: join(OUT, 'link-used.png'), fullPage: true });
    await page.getByRole('button', { name: 'Close', exact: true }).first().click();
    await status(page, 'Completed');
    assert.equal((await server.show(run)).pauses[0].by, 'erin');
}, { server: { prefix: '/some/flow' }, expected: /status of 410/ });

test('a link that has ended, or that nobody has made, says so', async ({ page, server }) => {
    const run = await server.start('write-letter', { topic: 'the garden', to: 'Ms Green' });
    const { url } = await server.ask('POST', `api/runs/${run}/pauses/review-1/link`, { expires_in_s: 1 });
    await until('it has ended', async () => (await fetch(url.replace('/p/', '/api/links/'))).status === 410);
    await page.goto(url);
    await page.getByRole('heading', { name: 'This link is not good any more' }).waitFor();
    await page.goto(`${url}x`);
    await page.getByRole('heading', { name: 'This link is not good any more' }).waitFor();
}, { expected: /status of (403|410)/ });

test('below a prefix all of it works', async ({ page, open, server }) => {
    const run = await server.start('article', { topic: 'bees', tone: 'formal' });
    await page.goto(server.url.replace(/\/$/, ''));
    await page.getByRole('link', { name: /^article/ }).click();
    await page.getByRole('radio', { name: /^Publish/ }).check();
    await page.getByLabel('By').fill('Ann');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await status(page, 'Completed');
    await open(`#/runs/${run}?tab=events`);
    await page.getByText('run completed').waitFor();
    await page.getByRole('link', { name: 'Start', exact: true }).click();
    await page.getByRole('link', { name: /^hello/ }).click();
    await page.getByRole('textbox').first().fill('Ann');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('Hello, Ann').waitFor();
}, { server: { prefix: '/flow' } });
