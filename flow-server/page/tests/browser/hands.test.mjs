// With the keyboard alone, and with a finger on a phone.
import assert from 'node:assert/strict';
import { PHONE, fits, focused, status, suite, tabTo, until } from './kit.mjs';
import { past } from './past.mjs';

const test = suite();
const focus = (page, words) => until(`${words} has the focus`, async () => words.test(await focused(page)));

test('with the keyboard: a run is found, its question answered, its graph walked through', async ({ page, open, server }) => {
    await past(server);
    await open('#/runs');
    await page.getByRole('link', { name: /^article .*Waiting$/ }).waitFor();
    await page.keyboard.press('Tab');
    assert.match(await focused(page), /Skip to the content/);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'MAIN');
    await tabTo(page, /^slow .*Running$/);
    await page.keyboard.press('ArrowDown');
    await focus(page, /^article .*Waiting$/);
    await page.keyboard.press('ArrowDown');
    await focus(page, /^write-letter/);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'May the draft be published?' }).waitFor();
    await until('the heading has the focus', () => page.evaluate(() => document.activeElement?.tagName === 'H1'));
    await tabTo(page, /^Publish/);
    await page.keyboard.press('Space');
    await page.getByLabel('By').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('Ann');
    await page.keyboard.press('Enter');
    await status(page, 'Completed');
    // Tabs, then nodes of the graph.
    await tabTo(page, /^Graph$/);
    await page.keyboard.press('ArrowRight');
    await page.getByRole('table', { name: 'Waterfall' }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await tabTo(page, /^article, start/);
    await page.keyboard.press('ArrowDown');
    await focus(page, /^parallel, for each 3\/3, fork, done/);
    await page.keyboard.press('ArrowDown');
    await focus(page, /^research ×3, step, done/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'research' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'research' }).waitFor({ state: 'hidden' });
});

test('with the keyboard: a run is started, and cancelled in a window', async ({ page, open }) => {
    await open('#/start/slow');
    await page.getByLabel('Rounds').waitFor();
    await tabTo(page, /^Rounds/);
    await page.keyboard.type('1000');
    await page.keyboard.press('Tab');
    await page.keyboard.type('1000');
    await page.keyboard.press('Enter');
    await status(page, 'Running');
    await tabTo(page, /^\s*Cancel$/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    // What does nothing has the focus first, and it does not leave the window.
    await focus(page, /^Leave it$/);
    await tabTo(page, /^Cancel the run$/, 5);
    await page.keyboard.press('Enter');
    await status(page, 'Cancelled');
});

test('on a phone a run is started, answered and seen to its end', async ({ page, open, server, shot }) => {
    await server.start('agreement', 'two and two are four', { user: 'fritz' });
    await open('#/runs');
    await page.getByRole('link', { name: 'Start', exact: true }).tap();
    await page.getByRole('link', { name: /^article/ }).tap();
    await page.getByLabel('Topic').fill('bees');
    await page.getByRole('radio', { name: /^Friendly/ }).tap();
    await page.getByRole('button', { name: 'Start', exact: true }).tap();
    await page.getByRole('heading', { name: 'May the draft be published?' }).waitFor();
    await page.getByRole('radio', { name: /^Publish/ }).tap();
    await page.getByLabel('By').fill('Ann');
    await fits(page, 'the answer');
    await shot('phone-answer');
    await page.getByRole('button', { name: 'Answer', exact: true }).tap();
    await status(page, 'Completed');
    await page.getByRole('button', { name: /^publish, step, done/ }).last().tap();
    await page.getByRole('heading', { name: 'publish' }).waitFor();
    await page.getByRole('tab', { name: /^Events/ }).tap();
    await page.getByText('run completed').waitFor();
    await page.getByRole('link', { name: /^Waiting/ }).tap();
    await page.getByRole('link', { name: /^Is this right/ }).tap();
    await page.getByLabel(/^Your name/).fill('root');
    await page.getByRole('button', { name: 'No' }).tap();
    await page.getByText('Your answer is given.').waitFor();
    await page.getByRole('link', { name: 'All questions' }).first().tap();
    await page.getByText('Nothing waits for you').waitFor();
}, { context: PHONE });

test('dark is dark, by the system and by choice', async ({ page, open }) => {
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g).slice(0, 3).reduce((sum, one) => sum + Number(one), 0));
    await open('#/runs');
    await page.getByText('No runs yet').waitFor();
    assert.ok(await background() < 200, 'the system is dark');
    await page.getByRole('button', { name: 'Colours: auto' }).click();
    await page.getByRole('button', { name: 'Colours: light' }).waitFor();
    assert.ok(await background() > 600);
    await page.reload();
    await page.getByRole('button', { name: 'Colours: light' }).click();
    await page.getByRole('button', { name: 'Colours: dark' }).waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
    assert.ok(await background() < 200);
}, { context: { colorScheme: 'dark' } });
