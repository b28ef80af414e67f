// Every view at a desk, in the dark and on a phone: nothing stands out, no rule of axe is broken; and a picture of each.
import { PHONE, accessible, fits, suite } from './kit.mjs';
import { past } from './past.mjs';

const test = suite();
const heading = (page, name) => page.getByRole('heading', { name }).first();

/** Each view: its name, where it is, and what is seen when all of it is there. */
const views = runs => [
    ['runs', '#/runs', page => page.getByRole('row', { name: /parcel/ })],
    ['runs-none', '#/runs?q=user:nobody', page => page.getByText('No run is like that')],
    ['workflows', '#/start', page => heading(page, 'write-letter')],
    ['form', '#/start/open-account', page => page.getByRole('button', { name: 'Start', exact: true })],
    ['form-small', '#/start/write-letter', page => page.getByRole('button', { name: 'Start', exact: true })],
    ['questions', '#/pauses', page => page.getByText('Choose a question').or(page.getByText('Which way?')).first()],
    ['question', `#/pauses/${runs.article}/approve-1`, page => heading(page, /May the draft be published/)],
    ['question-over', `#/pauses/${runs.done}/approve-1`, page => heading(page, 'This question is not open any more')],
    ['sessions', '#/sessions', page => page.getByRole('link', { name: 'The shop at the corner' })],
    ['session', '#/sessions/shop', page => page.getByRole('listitem').filter({ hasText: 'ben' })],
    ['run-waits', `#/runs/${runs.letter}`, page => page.getByRole('button', { name: /^review, question, waits/ })],
    ['run-waits-twice', `#/runs/${runs.both}`, page => page.getByRole('button', { name: /^choose, question, waits/ })],
    ['run-works', `#/runs/${runs.slow}`, page => page.getByRole('button', { name: /^chew, step, at work/ })],
    ['run-done', `#/runs/${runs.done}`, page => page.getByRole('button', { name: /^publish, step, done/ })],
    ['run-failed', `#/runs/${runs.failed}`, page => page.getByRole('button', { name: /^deliver, step, failed/ })],
    ['run-step', `#/runs/${runs.done}?node=5`, page => page.getByText('One attempt')],
    ['run-fan-out', `#/runs/${runs.crawl}`, page => page.getByRole('button', { name: /^read.* step, done/ })],
    ['run-timeline', `#/runs/${runs.crawl}?tab=time`, page => page.getByRole('rowheader', { name: /12 branches/ })],
    ['run-timeline-waits', `#/runs/${runs.done}?tab=time`, page => page.getByRole('rowheader', { name: /approve/ })],
    ['run-checkpoints', `#/runs/${runs.done}?tab=checkpoints`, page => page.getByRole('button', { name: 'Copy the run from here' })],
    ['run-events', `#/runs/${runs.done}?tab=events`, page => page.getByText('run completed')],
    ['run-missing', '#/runs/no-such-run', page => heading(page, 'There is no such run')],
    ['nowhere', '#/nowhere', page => heading(page, 'There is nothing here')],
];

for (const [look, context] of [['desk', {}], ['phone', PHONE]]) {
    test(`every view on a ${look}, light and dark`, async ({ page, open, shot, server }) => {
        for (const [name, hash, there] of views(await past(server))) {
            await open(hash);
            await there(page).waitFor();
            await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'hidden' });
            for (const colorScheme of ['light', 'dark']) {
                await page.emulateMedia({ colorScheme });
                await fits(page, `${name}, ${look}`);
                await accessible(page, `${name}, ${look}, ${colorScheme}`);
                await shot(`${look}-${colorScheme}-${name}`);
            }
        }
    }, { context, expected: /status of 404/ });
}
