// A browser, a server, and what every test needs of them.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { serve } from './server.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const OUT = new URL('../out/', import.meta.url).pathname;
mkdirSync(OUT, { recursive: true });

/** How long something that is waited for may take: much longer than it does, because other work may have the machine. */
const PATIENCE = 30_000;

/** A phone. */
export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

export async function launch() {
    if (!existsSync(CHROMIUM)) throw new Error(`There is no browser at ${CHROMIUM}: install Chromium (\`apt-get install chromium\`), or say in CHROMIUM where it is.`);
    return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** Notes what a page's browser complains of: errors of scripts, of its console, of the content security policy. */
export async function listen(context, expected) {
    const complaints = [];
    const note = words => { if (!expected?.test(words)) complaints.push(words); };
    await context.exposeFunction('noteViolation', note);
    await context.addInitScript(() => document.addEventListener('securitypolicyviolation', event => globalThis.noteViolation(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`)));
    context.on('weberror', error => note(String(error.error().stack ?? error.error())));
    context.on('console', message => { if (['error', 'warning'].includes(message.type())) note(message.text()); });
    return complaints;
}

/**
 * Names a file's tests, each with a page of its own on a server of its own. `expected` are complaints of the browser that belong to
 * a test: of each answer of 4xx there is one.
 */
export function suite(options = {}) {
    let browser;
    before(async () => { browser = await launch(); });
    after(() => browser?.close());
    return (name, run, { server: asked, context: look, expected } = {}) => test(name, { timeout: 5 * 60_000 }, async () => {
        const server = await serve({ ...options, ...asked });
        const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...look });
        try {
            await context.grantPermissions(['clipboard-read', 'clipboard-write']);
            context.setDefaultTimeout(PATIENCE);
            const complaints = await listen(context, expected);
            const page = await context.newPage();
            const open = hash => page.goto(server.url + hash);
            const shot = name => page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true });
            await run({ page, open, shot, server, context });
            assert.deepEqual(complaints, [], 'the browser has complaints');
        } finally {
            await context.close();
            await server.close();
        }
    });
}

/** Where the run that is looked at stands. */
export const status = (page, words) => page.getByRole('status').filter({ hasText: words }).first().waitFor();

/** What is in the clipboard. */
export const copied = page => page.evaluate(() => navigator.clipboard.readText());

/** Waits until something is so. */
export async function until(what, is, patience = PATIENCE) {
    for (const end = Date.now() + patience; Date.now() < end;) {
        const found = await is();
        if (found) return found;
        await new Promise(done => setTimeout(done, 50));
    }
    assert.fail(`it has not come to this: ${what}`);
}

/** Goes on with the tabulator until what has the focus is called so. */
export async function tabTo(page, words, limit = 80) {
    for (let step = 0; step < limit; step += 1) {
        await page.keyboard.press('Tab');
        if (words.test(await focused(page))) return;
    }
    assert.fail(`the keyboard does not reach ${words}`);
}

/** The name of what has the focus. */
export const focused = page => page.evaluate(() => {
    const at = document.activeElement;
    return at?.getAttribute('aria-label') ?? at?.labels?.[0]?.textContent ?? at?.textContent ?? '';
});

/** No rule of axe is broken. */
export async function accessible(page, where) {
    // As an argument of the debugger's, which the page's policy does not concern.
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')}`);
    assert.deepEqual(told, [], `${where} breaks rules of accessibility`);
}

/** Nothing stands out at the side. */
export async function fits(page, where) {
    const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(inner <= outer, `${where} is ${inner} wide in ${outer}`);
}
