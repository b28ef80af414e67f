// Runs that are started from the form.
import assert from 'node:assert/strict';
import { accessible, focused, status, suite, until } from './kit.mjs';

const test = suite();
const start = page => page.getByRole('button', { name: 'Start', exact: true });
const runOf = async server => (await server.ask('GET', 'api/runs')).runs[0];

test('a run is started from the list of workflows, and what does not fit is told at its field', async ({ page, open, server, shot }) => {
    await open('#/runs');
    await page.getByText('No runs yet').waitFor();
    await accessible(page, 'no runs yet');
    await page.getByRole('link', { name: 'Start the first one' }).click();
    await page.getByRole('link', { name: /^write-letter/ }).click();
    await start(page).click();
    await page.getByText('Fill this in.').first().waitFor();
    await until('the first field that is wrong has the focus', async () => await focused(page) === 'Topic');
    await page.getByLabel('Topic').fill('ab');
    await page.getByLabel('To', { exact: true }).fill('Ms Green');
    await page.getByLabel('Words').fill('7');
    await start(page).click();
    await page.getByText('At least 3 characters.').waitFor();
    await page.getByText('At least 20.').waitFor();
    assert.equal(await page.getByLabel('Words').getAttribute('aria-invalid'), 'true');
    await shot('form-wrong');
    await accessible(page, 'a form with what does not fit');
    await page.getByLabel('Topic').fill('bees and wasps');
    await page.getByLabel('Words').fill('300');
    await page.getByText('Options').click();
    await page.getByLabel('Session').fill('garden');
    await page.getByLabel('User').fill('ann');
    await page.getByLabel('Metadata, JSON').fill('{"source": "page"}');
    await start(page).click();
    await page.getByRole('heading', { level: 1, name: 'write-letter' }).waitFor();
    await status(page, 'Waiting');
    const run = await server.show((await runOf(server)).run);
    assert.deepEqual([run.input, run.session, run.user, run.metadata], [{ topic: 'bees and wasps', to: 'Ms Green', words: 300 }, 'garden', 'ann', { source: 'page' }]);
    // Another one like it begins with what this one has.
    await page.getByRole('link', { name: 'Start like this' }).click();
    await page.getByText('Filled in as in run').waitFor();
    assert.equal(await page.getByLabel('Topic').inputValue(), 'bees and wasps');
});

test('every kind of field', async ({ page, open, server, shot }) => {
    await open('#/start/open-account');
    await page.getByLabel('Full name').fill('Ann Other');
    await page.getByRole('radio', { name: /^Savings/ }).check();
    await page.getByLabel('Born').fill('1990-02-03');
    await page.getByLabel('Street').fill('Long Street 1');
    await page.getByLabel('Postcode').fill('808');
    await page.getByLabel('City').fill('Graz');
    await page.getByRole('radio', { name: 'Austria' }).check();
    await page.getByRole('radio', { name: /^Email/ }).check();
    await page.getByRole('textbox', { name: 'Address', exact: true }).fill('ann@example.org');
    await page.getByRole('group', { name: /^Newsletter/ }).getByText('Yes').click();
    await page.getByRole('group', { name: /^Tags/ }).getByRole('button', { name: 'Add one' }).click();
    await until('the tag that was added has the focus', async () => /^Tags 1/.test(await focused(page)));
    await page.keyboard.type('new');
    await page.getByLabel('Agreed').check();
    await page.getByLabel('Call at').fill('2026-11-24T10:30');
    await page.getByLabel('Income').fill('1234,5');
    await page.getByRole('checkbox', { name: 'Gold' }).check();
    await page.getByRole('group', { name: /^Limits/ }).getByRole('button', { name: 'Add one' }).click();
    await page.getByLabel('Name of entry 1').fill('daily');
    await page.getByLabel('Limits, entry 1').fill('50');
    await page.getByRole('button', { name: 'Second address' }).click();
    await page.getByRole('button', { name: 'Leave out Second address' }).click();
    await page.getByLabel('Passport').setInputFiles({ name: 'pass.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
    await page.getByLabel('Notes').fill('one\ntwo');
    await page.getByLabel('Part 2').fill('15.4');
    await page.getByLabel('Extra').fill('{"a": 1}');
    await shot('form-full');
    await accessible(page, 'a form with every kind of field');
    // The server has the last word, and says where.
    await start(page).click();
    await page.getByText('A postcode has five digits').waitFor();
    await until('the field that is wrong has the focus', async () => /^Postcode/.test(await focused(page)));
    assert.equal(await page.getByLabel('Postcode').getAttribute('aria-invalid'), 'true');
    await shot('form-refused');
    await page.getByLabel('Postcode').fill('80801');
    await page.getByRole('button', { name: 'Edit as JSON' }).click();
    assert.match(await page.getByLabel('Input as JSON').inputValue(), /"kind": "Savings"/);
    await page.getByRole('button', { name: 'Edit as form' }).click();
    await page.getByLabel('Passport').setInputFiles({ name: 'pass.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
    await start(page).click();
    await page.getByRole('heading', { name: 'Which cards are to be sent?' }).waitFor();
    const { input } = await runOf(server);
    const { passport, call_at, ...rest } = input;
    assert.deepEqual(rest, {
        name: 'Ann Other', kind: 'Savings', born: '1990-02-03', address: { street: 'Long Street 1', postcode: '80801', city: 'Graz', country: 'Austria' },
        contact: { Email: { address: 'ann@example.org', newsletter: true } }, tags: ['new'], agreed: true, income: 1234.5, children: 0, second_address: null,
        interests: ['Gold'], limits: { daily: 50 }, notes: 'one\ntwo', position: [52.5, 15.4], extra: { a: 1 },
    });
    assert.equal(new Date(call_at).getFullYear(), 2026);
    assert.deepEqual([passport.name, passport.size, Buffer.from(passport.data, 'base64').toString()], ['pass.txt', 5, 'hello']);
}, { expected: /status of 422/ });

test('a large file comes as a part of its own', async ({ page, open, server }) => {
    await open('#/start/document');
    await page.getByLabel('Title').fill('A long one');
    await page.getByLabel('File').setInputFiles({ name: 'long.bin', mimeType: 'application/x-long', buffer: Buffer.alloc(3_000_000, 'x') });
    await start(page).click();
    await status(page, 'Completed');
    await page.getByText('3000000').first().waitFor();
    const { input } = await runOf(server);
    assert.deepEqual([input.title, input.file.name, input.file.content_type, input.file.size], ['A long one', 'long.bin', 'application/x-long', 3_000_000]);
    assert.ok(input.file.href, 'it is not in the input itself');
});

test('a text alone, and numbers by their names', async ({ page, open }) => {
    await open('#/start/hello');
    await page.getByRole('textbox').first().fill('Ann');
    await start(page).click();
    await page.getByText('Hello, Ann').waitFor();
    await open('#/start/crawl');
    await page.getByLabel('Pages').fill('two');
    await page.getByLabel('Ms').fill('1');
    await start(page).click();
    await page.getByText('This is not a number.').waitFor();
    await page.getByLabel('Pages').fill('2.5');
    await start(page).click();
    await page.getByText('A whole number, please.').waitFor();
    await page.getByLabel('Pages').fill('2');
    await start(page).click();
    await status(page, 'Completed');
    await page.getByText('30', { exact: true }).waitFor();
}, { server: { memory: true } });
