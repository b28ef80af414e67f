// A browser, the mock server and what every test needs of them.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { serve } from '../../mock/server.mjs';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const OUT = new URL('../out/', import.meta.url).pathname;
mkdirSync(OUT, { recursive: true });

/** Sizes: of a desk, and of the smallest phone. */
export const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

/** Names a file's tests, each with a page of its own on a server of its own. */
export function suite(options = {}) {
    let browser;
    before(async () => { browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS }); });
    after(() => browser.close());
    return (name, run, more = {}) => test(name, { timeout: 60_000 }, async () => {
        const server = await serve({ pace: 0.2, ...options, ...more.server });
        const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...more.context });
        await context.grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => {});
        const page = await context.newPage();
        const complaints = [];
        page.on('pageerror', error => complaints.push(error.message));
        page.on('console', message => { if (message.type() === 'error' && !/status of 4\d\d|ERR_FAILED/.test(message.text())) complaints.push(message.text()); });
        page.setDefaultTimeout(8000);
        const open = hash => page.goto(server.url + hash);
        const shot = name => page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true });
        const runs = (workflow, status) => [...server.app.runs.values()].filter(run => run.workflow.id === workflow && run.status === status);
        try {
            await run({ page, open, shot, runs, server, context });
            assert.deepEqual(complaints, [], 'the browser has complaints');
        } finally {
            await context.close();
            await server.close();
        }
    });
}

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
