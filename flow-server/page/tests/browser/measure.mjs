// How soon the page is seen, and how a graph of five hundred steps moves. Prints figures, and judges none of them.
import { loadavg } from 'node:os';
import { PHONE, launch } from './kit.mjs';
import { past } from './past.mjs';
import { serve } from './server.mjs';

const ROUNDS = 7;
const DESK = { viewport: { width: 1280, height: 860 } };
const sorted = numbers => numbers.toSorted((left, right) => left - right);
const at = (numbers, part) => sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * part))];
const say = (what, numbers, unit = 'ms') => console.log(`${what.padEnd(58)} ${at(numbers, 0.5).toFixed(0).padStart(5)} ${unit}   (${sorted(numbers)[0].toFixed(0)}–${sorted(numbers).at(-1).toFixed(0)})`);

/** Opens an address in a new browser profile, so that nothing of it is known. */
async function fresh(browser, look, run) {
    const context = await browser.newContext(look);
    try {
        return await run(await context.newPage());
    } finally {
        await context.close();
    }
}

/** How long the frames take while something is done, in milliseconds. */
async function framesOf(page, act) {
    await page.evaluate(() => {
        const all = globalThis.frames_ = [];
        let last = performance.now();
        const look = now => { all.push(now - last); last = now; requestAnimationFrame(look); };
        requestAnimationFrame(look);
    });
    await act();
    return (await page.evaluate(() => globalThis.frames_)).slice(2);
}

async function drag(page) {
    const box = await page.getByRole('group', { name: /^Graph of/ }).boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let step = 1; step <= 60; step += 1) await page.mouse.move(x, y - step * 4);
    await page.mouse.up();
}

const painted = page => page.evaluate(() => new Promise(done => {
    const look = () => {
        const paint = performance.getEntriesByName('first-contentful-paint')[0];
        if (paint) done(paint.startTime);
        else setTimeout(look, 5);
    };
    look();
}));

const browser = await launch();
const server = await serve();
try {
    await past(server);
    console.log(`(the machine had ${loadavg()[0].toFixed(1)} things to do at a time when this began)`);
    const nodes = (await server.ask('GET', 'api/workflows/five-hundred/graph')).layout.nodes.length;
    const run = await server.start('five-hundred', 0);

    // The first one warms the browser up.
    const first = [], listed = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
        await fresh(browser, DESK, async page => {
            await page.goto(`${server.url}#/runs`);
            await page.getByRole('row').nth(1).waitFor();
            const rows = await page.evaluate(() => performance.now());
            if (round) first.push(await painted(page)), listed.push(rows);
        });
    }
    say('runs: first contentful paint, nothing in the cache', first);
    say('runs: the list is there', listed);

    const drawn = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
        await fresh(browser, DESK, async page => {
            await page.goto(`${server.url}#/runs/${run}`);
            await page.waitForFunction(count => document.querySelectorAll('[data-node]').length >= count, nodes, { polling: 'raf' });
            if (round) drawn.push(await page.evaluate(() => performance.now()));
        });
    }
    say(`a graph of ${nodes} nodes is drawn, from the first request on`, drawn);

    for (const [look, context] of [['at a desk', DESK], ['on a phone', PHONE]]) {
        await fresh(browser, context, async page => {
            await page.goto(`${server.url}#/runs/${run}`);
            await page.waitForFunction(count => document.querySelectorAll('[data-node]').length >= count, nodes);
            const near = await framesOf(page, () => drag(page));
            await page.getByRole('button', { name: 'Show all of it' }).click();
            const whole = await framesOf(page, () => drag(page));
            say(`a frame while it is moved, ${look}`, near);
            say(`a frame while it is moved and all of it is seen, ${look}`, whole);
        });
    }
} finally {
    await browser.close();
    await server.close();
}
