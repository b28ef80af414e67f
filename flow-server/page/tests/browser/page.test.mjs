import assert from 'node:assert/strict';
import { PHONE, accessible, fits, suite } from './kit.mjs';

const test = suite();

const places = runs => [
    ['runs', '#/runs'],
    ['workflows', '#/start'],
    ['form', '#/start/open_account'],
    ['questions', '#/pauses'],
    ['question', `#/pauses/${runs('content_creation', 'paused')[0].id}/approve-1`],
    ['sessions', '#/sessions'],
    ['session', '#/sessions/articles'],
    ['run', `#/runs/${runs('content_creation', 'paused')[0].id}`],
    ['run-failed', `#/runs/${runs('order_saga', 'failed')[0].id}`],
    ['run-timeline', `#/runs/${runs('content_creation', 'completed')[0].id}?tab=time`],
    ['run-checkpoints', `#/runs/${runs('content_creation', 'completed')[0].id}?tab=checkpoints`],
    ['run-events', `#/runs/${runs('content_creation', 'completed')[0].id}?tab=events`],
];

for (const [look, context] of [['desk', {}], ['dark', { colorScheme: 'dark' }], ['phone', PHONE], ['phone-dark', { ...PHONE, colorScheme: 'dark' }]]) {
    test(`every view, ${look}: nothing stands out, and axe is content`, async ({ page, open, shot, runs }) => {
        for (const [name, hash] of places(runs)) {
            await open(hash);
            await page.locator('main h1:visible').first().waitFor();
            await page.waitForLoadState('networkidle').catch(() => {});
            await fits(page, name);
            await accessible(page, `${name}, ${look}`);
            await shot(`${look}-${name}`);
        }
    }, { context });
}

test('on a phone a run is started, answered and seen to its end', async ({ page, open, shot }) => {
    await open('#/start/content_creation');
    await page.getByLabel('Topic').fill('bees');
    await page.getByRole('button', { name: 'Start', exact: true }).tap();
    await page.getByRole('heading', { name: /Please read the draft/ }).waitFor();
    await page.getByRole('radio', { name: /^Publish/ }).tap();
    await page.getByLabel('By').fill('Ann');
    await fits(page, 'the answer');
    await shot('phone-answer');
    await page.getByRole('button', { name: 'Answer', exact: true }).tap();
    await page.locator('.run-head .pill', { hasText: 'Completed' }).waitFor();
    await page.getByRole('link', { name: /^Waiting/ }).tap();
    await page.getByRole('link', { name: /Fritz orders/ }).tap();
    await page.getByRole('button', { name: 'No' }).tap();
    await page.getByRole('link', { name: 'All questions' }).first().tap();
    await page.getByRole('heading', { name: 'Waiting' }).waitFor();
}, { context: PHONE });

test('all of it with the keyboard', async ({ page, open }) => {
    await open('#/runs');
    await page.locator('tbody tr').first().waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');
    const tabTo = async (words, limit = 60) => {
        for (let step = 0; step < limit; step += 1) {
            await page.keyboard.press('Tab');
            if (words.test(await focused())) return;
        }
        assert.fail(`the keyboard does not reach ${words}`);
    };
    await page.keyboard.press('Tab');
    assert.match(await focused(), /Skip to the content/);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'MAIN');
    await tabTo(/^content_creation .*Waiting$/);
    await page.keyboard.press('ArrowDown');
    assert.match(await focused(), /^order_saga/);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /Please read the draft/ }).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
    await tabTo(/^$|Publish/);
    await page.keyboard.press('Space');
    await page.getByLabel('By').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('Ann');
    await page.keyboard.press('Enter');
    await page.locator('.run-head .pill', { hasText: 'Completed' }).waitFor();
    // Tabs, then nodes of the graph.
    await tabTo(/^Graph$/);
    await page.keyboard.press('ArrowRight');
    await page.locator('.waterfall').waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.locator('.graph').waitFor();
    await tabTo(/^content_creation, start/);
    await page.keyboard.press('ArrowDown');
    assert.match(await focused(), /^find, step, done/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'find' }).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.getByRole('heading', { name: 'find' }).count(), 0);
});

test('every kind of field', async ({ page, open, server, shot }) => {
    await open('#/start/open_account');
    await page.getByLabel('Full name').fill('Ann Other');
    await page.getByRole('radio', { name: /^Savings/ }).check();
    await page.getByLabel('Born').fill('1990-02-03');
    await page.getByLabel('Call at').fill('2026-11-24T10:30');
    await page.getByLabel('Income').fill('1234,5');
    await page.getByLabel('Street').fill('Long Street 1');
    await page.getByLabel('City').fill('Graz');
    await page.getByRole('radio', { name: 'Austria' }).check();
    await page.getByRole('radio', { name: /^Email/ }).check();
    await page.getByLabel('Address', { exact: true }).last().fill('ann@example.org');
    await page.getByLabel('Newsletter').getByText('Yes').click();
    await page.getByRole('group', { name: 'Tags' }).getByRole('button', { name: 'Add one' }).click();
    await page.keyboard.type('new');
    await page.getByRole('checkbox', { name: 'Gold' }).check();
    await page.getByRole('group', { name: /^Limits/ }).getByRole('button', { name: 'Add one' }).click();
    await page.getByLabel('Name of entry 1').fill('daily');
    await page.getByLabel('Limits, entry 1').fill('50');
    await page.getByRole('button', { name: 'Second address' }).click();
    await page.getByRole('button', { name: 'Leave out Second address' }).click();
    await page.locator('input[type=file]').setInputFiles({ name: 'pass.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
    await page.getByLabel('Notes').fill('one\ntwo');
    await page.getByLabel('Agreed').check();
    await page.getByLabel('Extra').fill('{"a": 1}');
    await shot('form-full');
    await page.getByRole('button', { name: 'Edit as JSON' }).click();
    assert.match(await page.getByLabel('Input as JSON').inputValue(), /"kind": "Savings"/);
    await page.getByRole('button', { name: 'Edit as form' }).click();
    await page.locator('input[type=file]').setInputFiles({ name: 'pass.txt', mimeType: 'text/plain', buffer: Buffer.alloc(100_000, 'x') });
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('Is the application right as it stands?').waitFor();
    const run = [...server.app.runs.values()].at(-1);
    const { passport, call_at, ...rest } = run.input;
    assert.deepEqual(rest, {
        name: 'Ann Other', kind: 'Savings', born: '1990-02-03', address: { street: 'Long Street 1', city: 'Graz', country: 'Austria' },
        contact: { Email: { address: 'ann@example.org', newsletter: true } }, tags: ['new'], agreed: true, income: 1234.5, children: 0,
        interests: ['Gold'], limits: { daily: 50 }, notes: 'one\ntwo', position: [52.5, 13.4], extra: { a: 1 },
    });
    assert.ok(call_at.endsWith('Z'));
    assert.deepEqual([passport.name, passport.size, passport.content_type], ['pass.txt', 100_000, 'text/plain']);
    // An edit begins with what is to be edited.
    await page.getByRole('radio', { name: /^Edit/ }).check();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Ann Other');
    await page.getByRole('textbox', { name: 'Children' }).fill('2');
    await shot('edit');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByRole('checkbox', { name: 'Debit' }).waitFor();
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText('Choose at least 1.').waitFor();
    await page.getByRole('checkbox', { name: 'Debit' }).check();
    await page.getByRole('checkbox', { name: 'Virtual' }).check();
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.locator('.run-head .pill', { hasText: 'Completed' }).waitFor();
    assert.deepEqual(run.output.cards, ['Debit', 'Virtual']);
});

test('runs are filtered and searched, and there are more below', async ({ page, open }) => {
    await open('#/runs');
    await page.getByRole('button', { name: /^Failed/ }).click();
    await page.getByText('Emil ·').waitFor();
    assert.equal(await page.locator('tbody tr').count(), 2);
    assert.match(page.url(), /status=failed/);
    await page.getByRole('button', { name: /^All/ }).click();
    await page.getByPlaceholder(/^Search/).fill('user:dora');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    await page.getByPlaceholder(/^Search/).fill('source=timer');
    await page.getByText('cron').waitFor();
    await page.getByPlaceholder(/^Search/).fill('survives');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    await page.getByPlaceholder(/^Search/).fill('');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50);
    await page.getByRole('button', { name: 'Show older runs' }).click();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length > 60);
});

test('a session is renamed and deleted', async ({ page, open }) => {
    await open('#/sessions/articles');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('Name of the session').fill('Drafts');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('heading', { level: 1, name: 'Drafts' }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete the session' }).click();
    await page.getByRole('heading', { name: 'Sessions' }).waitFor();
    assert.equal(await page.getByText('Drafts').count(), 0);
});

test('a token is asked for once, and kept in this tab', async ({ page, open, shot }) => {
    await open('#/runs');
    await page.getByRole('textbox', { name: 'Token' }).fill('wrong');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('This token is not accepted.').waitFor();
    await accessible(page, 'the window of the token');
    await shot('token');
    await page.getByRole('textbox', { name: 'Token' }).fill('secret');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.locator('tbody tr').first().waitFor();
    await page.reload();
    await page.locator('tbody tr').first().waitFor();
    await page.locator('tbody tr a').first().click();
    await page.getByRole('heading', { name: /Please read the draft/ }).waitFor();
    await page.getByRole('tab', { name: /Events \d+/ }).waitFor();
}, { server: { token: 'secret' } });

test('below a prefix', async ({ page, open, runs, server }) => {
    assert.match(server.url, /\/some\/flow\/$/);
    await open('');
    await page.locator('tbody tr a').first().click();
    await page.getByRole('heading', { name: /Please read the draft/ }).waitFor();
    await open(`#/runs/${runs('content_creation', 'completed')[0].id}?tab=events`);
    await page.getByText('run completed').waitFor();
}, { server: { prefix: '/some/flow' } });

test('a link to one question', async ({ page, open, runs, server, shot, context }) => {
    const [run] = runs('content_creation', 'paused');
    await open(`#/runs/${run.id}`);
    await page.getByRole('button', { name: /by a link/ }).click();
    await page.getByLabel(/^Who gets it/).fill('erin');
    await page.getByRole('button', { name: 'Make a link' }).click();
    const link = await page.getByLabel(/^The link/).inputValue();
    const guest = await context.newPage();
    await guest.goto(link);
    await guest.getByRole('heading', { level: 1, name: /Please read the draft/ }).waitFor();
    await accessible(guest, 'the page of a link');
    await fits(guest, 'the page of a link');
    await guest.screenshot({ path: new URL('../out/link.png', import.meta.url).pathname, fullPage: true });
    await guest.getByRole('radio', { name: /^Publish/ }).check();
    await guest.getByLabel('By').fill('Erin');
    await guest.getByRole('button', { name: 'Answer', exact: true }).click();
    await guest.getByText('Thank you').waitFor();
    await guest.reload();
    await guest.getByText('This link is not good any more').waitFor();
    await accessible(guest, 'the page of a used link');
    await page.keyboard.press('Escape');
    await page.locator('.run-head .pill', { hasText: 'Completed' }).waitFor();
    assert.equal(server.app.runs.get(run.id).pauses[0].by, 'erin');
    await shot('linked');
}, { server: { prefix: '/flow' } });

test('a server that goes away comes back by itself', async ({ page, open }) => {
    await open('#/runs');
    await page.locator('tbody tr').first().waitFor();
    await page.route('**/api/**', route => route.abort());
    await page.getByText('The server cannot be reached. This page tries again by itself.').waitFor();
    await page.unroute('**/api/**');
    await page.getByText('The server cannot be reached').waitFor({ state: 'detached' });
});
