// The workflows of the mock: what they take, ask and do.
import { readFileSync } from 'node:fs';

const layout = name => JSON.parse(readFileSync(new URL(`layouts/${name}.json`, import.meta.url), 'utf8'));
const string = more => ({ type: 'string', ...more });

const passage = n => ({ file: ['runs.md', 'operations.md', 'sessions.md'][n % 3], line: 12 + 7 * n, headings: ['What survives a crash'], text: ['A step\'s result, the frame\'s move and the question of a pause are committed together or not at all.', 'A finished step is never run again.', 'A crash in the middle of a step runs that step again.', 'A driver that lost its run is refused by the store and stops.'][n % 4] });
const draft = topic => ({
    title: topic[0].toUpperCase() + topic.slice(1),
    lead: passage(0),
    sections: [
        { heading: 'One transaction per checkpoint', paragraphs: [passage(1), passage(2)] },
        { heading: 'One driver per run', paragraphs: [passage(3)] },
    ],
    facts: [{ number: 3, place: 'runs.md:44', verdict: 'Confirmed' }, { number: 0.5, place: 'operations.md:8', verdict: 'Alone' }],
});
export const APPROVAL = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Approval',
    description: 'What somebody says to a draft.',
    oneOf: [
        { type: 'object', description: 'Publish it under this name.', properties: { Publish: { type: 'object', properties: { by: string({ examples: ['Ann'] }) }, required: ['by'], additionalProperties: false } }, required: ['Publish'], additionalProperties: false },
        { type: 'object', description: 'Give it another title, and ask again.', properties: { Change: { type: 'object', properties: { title: string() }, required: ['title'], additionalProperties: false } }, required: ['Change'], additionalProperties: false },
        { type: 'object', description: 'Do not publish it.', properties: { Reject: { type: 'object', properties: { why: string({ minLength: 3, examples: ['The second section is off the topic.'] }) }, required: ['why'], additionalProperties: false } }, required: ['Reject'], additionalProperties: false },
    ],
};
const CONFIRM = { title: 'Confirmation', oneOf: [{ type: 'string', const: 'Yes', description: 'Go on.' }, { type: 'string', const: 'No', description: 'Do not.' }] };

const content = {
    id: 'content_creation',
    description: 'Writes an article on a topic from a folder of texts, and publishes it once somebody has approved.',
    layout: layout('content_creation'),
    pauses: ['approve'],
    binds: 'brief',
    input_schema: {
        title: 'Brief', description: 'What to write.', type: 'object', required: ['topic', 'folder', 'out', 'words'],
        properties: {
            topic: string({ description: 'What the article is about.', examples: ['how a run survives a crash'] }),
            folder: string({ description: 'The folder with the texts.', default: 'docs' }),
            out: string({ description: 'The file to write.', default: 'article.html' }),
            words: { type: 'integer', format: 'uint', minimum: 0, description: 'How many words it may have.', default: 700 },
        },
    },
    check: input => (input.words < 50 ? [{ pointer: '/words', detail: 'an article has at least 50 words' }] : []),
    async body(cx, { brief }) {
        await cx.step('find', 'passages', 500, () => [0, 1, 2, 3, 4].map(passage));
        await cx.fork('parallel', [
            cx => cx.step('outline', 'outline', 600, { lead: 0, sections: [['One transaction', [1, 2]]] }),
            cx => cx.step('check_facts', 'facts', 1100, [{ number: 3, verdict: 'Confirmed' }], { fails: attempt => (attempt === 1 ? 'the folder is being written to' : null) }),
        ]);
        let text = await cx.step('write', 'draft', 700, draft(brief.topic));
        for (let round = 1; round <= 2; round += 1) {
            cx.loop(round);
            await cx.step('review', 'verdict', 300, round === 1 ? { Revise: { feedback: ['TooLong'] } } : 'Accept');
            if (round === 1) text = await cx.step('revise', 'draft', 400, text);
        }
        for (;;) {
            const approval = await cx.pause('approve', 'Please read the draft. Publish it, give it another title, or say what is wrong with it.', { draft: text }, APPROVAL, { bind: 'approval' });
            if (approval.Change) { text = { ...text, title: approval.Change.title }; cx.frame().bindings.draft = text; continue; }
            if (approval.Reject) throw Object.assign(new Error(), { chain: [`the draft was rejected: ${approval.Reject.why}`] });
            return cx.step('publish', 'article', 500, { title: text.title, file: brief.out, words: 412, sources: 4, published_by: approval.Publish.by });
        }
    },
};

const order = {
    id: 'order_saga',
    description: 'Takes an order: reserves what was ordered, charges for it, and ships it. Over 100 a person has to agree.',
    layout: layout('order_saga'),
    pauses: ['approve_order'],
    input_schema: {
        type: 'object', required: ['customer', 'items', 'payment'],
        properties: {
            customer: string({ description: 'Who orders.', minLength: 1 }),
            items: { type: 'array', description: 'What is ordered.', minItems: 1, items: { type: 'object', title: 'Item', required: ['sku', 'count'], properties: { sku: string({ examples: ['tea-green'] }), count: { type: 'integer', minimum: 1, default: 1 } } } },
            payment: { type: 'number', description: 'What it costs, in euros.', minimum: 0 },
        },
    },
    async body(cx, { payment, customer }) {
        await cx.step('reserve', 'reservation', 350, { id: 'r-71', until: '2026-12-01' });
        await cx.step('charge', 'receipt', 450, { id: 'ch-9', amount: payment });
        if (payment > 100) {
            const answer = await cx.pause('approve_order', `${customer} orders for ${payment} euros. Is that right?`, { order: { customer, payment } }, CONFIRM, { allowed: { except: [customer] }, deadline: 3 * 86_400_000 });
            if (answer === 'No') throw Object.assign(new Error(), { chain: ['the order was refused'] });
        }
        const parcel = await cx.step('ship', 'parcel', 400, { tracking: 'DE-00417' }, { fails: () => (cx.run.retried || cx.run.metadata?.calm ? null : 'the carrier does not answer: connection refused') });
        return { shipped: true, ...parcel };
    },
};

const crawl = {
    id: 'crawl',
    description: 'Reads files, follows their links, and says what it has found.',
    layout: layout('crawl'),
    pauses: [],
    input_schema: { type: 'object', required: ['files'], properties: { files: { type: 'integer', minimum: 1, maximum: 500, default: 40, description: 'How many files there are.' } } },
    async body(cx, { files }) {
        const list = await cx.step('find', 'found', 400, () => Array.from({ length: files }, (_, n) => `page-${n}.md`));
        const sizes = await cx.fork('settle for each', list.map((file, n) => cx => cx.step('read', 'page', 150 + ((n * 37) % 400), { file, words: 100 + ((n * 71) % 900) }, { quiet: true, fails: attempt => (n % 17 === 5 && attempt === 1 ? 'the page is gone' : null) })), { each: true });
        return { files, words: sizes.reduce((sum, page) => sum + page.words, 0) };
    },
};

const ADDRESS = { type: 'object', description: 'Where somebody lives.', required: ['street', 'city', 'country'], properties: { street: string(), city: string(), country: { $ref: '#/$defs/Country' } } };
const showcase = {
    id: 'open_account',
    description: 'Opens an account.\n\nEvery kind of field a form can have is in its input.',
    layout: layout('account_opening'),
    pauses: ['review', 'choose_many'],
    input_schema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Application', type: 'object', required: ['name', 'kind', 'address', 'contact', 'tags', 'agreed', 'born'],
        properties: {
            name: string({ title: 'Full name', description: 'As in the passport.', minLength: 2, maxLength: 80 }),
            kind: { $ref: '#/$defs/Kind', description: 'What kind of account it is.' },
            born: string({ format: 'date', description: 'Day of birth.' }),
            call_at: { type: ['string', 'null'], format: 'date-time', description: 'When we may call.' },
            income: { type: ['number', 'null'], format: 'double', minimum: 0, description: 'Per year, in euros.' },
            children: { type: 'integer', format: 'uint8', minimum: 0, maximum: 20, default: 0 },
            address: { $ref: '#/$defs/Address' },
            second_address: { anyOf: [{ $ref: '#/$defs/Address' }, { type: 'null' }], description: 'If there is another one.' },
            contact: { $ref: '#/$defs/Contact' },
            tags: { type: 'array', items: string(), description: 'Words to find it by.' },
            interests: { type: 'array', uniqueItems: true, items: { type: 'string', enum: ['Saving', 'Shares', 'Bonds', 'Gold'] }, default: [] },
            limits: { type: 'object', additionalProperties: { type: 'number' }, description: 'Limits by name.', default: {} },
            passport: { description: 'A scan of the passport.', anyOf: [{ $ref: '#/$defs/File' }, { type: 'null' }] },
            notes: string({ description: 'Anything else.', default: '', format: 'multiline' }),
            agreed: { type: 'boolean', description: 'The terms are agreed to.' },
            position: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], minItems: 2, maxItems: 2, description: 'Latitude and longitude.', default: [52.5, 13.4] },
            extra: { description: 'Whatever it is.', default: null },
        },
        $defs: {
            Kind: { oneOf: [{ const: 'Current', type: 'string', description: 'For every day.' }, { const: 'Savings', type: 'string', description: 'With interest.' }, { const: 'Joint', type: 'string', description: 'For two.' }] },
            Country: { type: 'string', enum: ['Austria', 'Germany', 'Switzerland'] },
            Address: ADDRESS,
            File: { type: 'object', required: ['name', 'content_type', 'data'], properties: { name: string(), content_type: string(), size: { type: 'integer' }, data: string({ contentEncoding: 'base64' }) } },
            Contact: {
                description: 'How to reach somebody.',
                oneOf: [
                    { type: 'object', description: 'By electronic mail.', required: ['Email'], additionalProperties: false, properties: { Email: { type: 'object', required: ['address'], properties: { address: string({ format: 'email' }), newsletter: { type: 'boolean', default: false } } } } },
                    { type: 'object', description: 'By telephone.', required: ['Phone'], additionalProperties: false, properties: { Phone: string({ examples: ['+49 30 1234'] }) } },
                    { const: 'Nothing', type: 'string', description: 'Not at all.' },
                ],
            },
        },
    },
    async body(cx, application) {
        const { passport, ...rest } = application;
        await cx.step('check', 'score', 300, 71);
        const review = await cx.pause('review', 'Is the application right as it stands?', { value: rest }, {
            oneOf: [
                { type: 'string', const: 'Accept', description: 'It is right as it is.' },
                { type: 'object', description: 'It is right with these changes.', required: ['Edit'], additionalProperties: false, properties: { Edit: { type: 'object', required: ['name', 'children'], properties: { name: string(), children: { type: 'integer', minimum: 0 } } } } },
                { type: 'object', description: 'It has to be done again.', required: ['Reject'], additionalProperties: false, properties: { Reject: { type: 'object', required: ['feedback'], properties: { feedback: string({ minLength: 1 }) } } } },
            ],
        }, { bind: 'review', allowed: { roles: ['editor'] } });
        if (review.Reject) throw Object.assign(new Error(), { chain: ['the application was rejected', review.Reject.feedback] });
        const cards = await cx.pause('choose_many', 'Which cards are to be sent?', null, { type: 'array', uniqueItems: true, minItems: 1, items: { enum: ['Debit', 'Credit', 'Virtual'] } }, { bind: 'cards' });
        return { account: 'DE02 1203 0000 0000 2020 51', cards };
    },
};

/** A long one: `count` steps, with a fork of three every ten. */
function long(count) {
    const nodes = [], edges = [];
    let y = 24, last = null;
    const add = (kind, shape, name, x, width = 140, height = 38) => {
        const id = String(nodes.length);
        nodes.push({ id, kind, shape, name, line: 10 + nodes.length, text: shape === 'end' || (shape === 'bar' && kind === 'join') ? [] : [name], x, y, width, height });
        return nodes[nodes.length - 1];
    };
    const link = (from, to) => {
        const start = [from.x + from.width / 2, from.y + from.height], end = [to.x + to.width / 2, to.y], half = (start[1] + end[1]) / 2;
        edges.push({ from: from.id, to: to.id, back: false, points: start[0] === end[0] ? [start, end] : [start, [start[0], half], [end[0], half], end] });
    };
    const chain = (...of) => { const node = add(...of); if (last) link(last, node); last = node; y += node.height + 32; return node; };
    chain('start', 'start', 'long_haul', 214, 120, 32);
    for (let n = 0; n < count; n += 1) {
        if (n % 10 !== 9) { chain('step', 'card', `step_${n}`, 204); continue; }
        const fork = chain('fork', 'bar', 'parallel', 40, 468, 26);
        const arms = [40, 204, 368].map((x, arm) => { const node = add('step', 'card', `arm_${n}_${arm}`, x); edges.push({ from: fork.id, to: node.id, back: false, points: [[x + 70, fork.y + 26], [x + 70, node.y]] }); return node; });
        y += 38 + 32;
        last = null;
        const join = chain('join', 'bar', 'join', 40, 468, 8);
        arms.forEach(arm => edges.push({ from: arm.id, to: join.id, back: false, points: [[arm.x + 70, arm.y + 38], [arm.x + 70, join.y]] }));
    }
    chain('end', 'end', 'end', 264, 20, 20);
    return { name: 'long_haul', width: 548, height: y + 24, nodes, edges };
}
const haul = {
    id: 'long_haul', description: 'Five hundred nodes.', layout: long(400), pauses: [],
    input_schema: { type: 'object', properties: { steps: { type: 'integer', default: 400, minimum: 1, maximum: 400 } } },
    async body(cx, { steps = 400 }) {
        for (let n = 0; n < steps; n += 1) if (n % 10 !== 9) await cx.step(`step_${n}`, 'state', 40, n);
        return steps;
    },
};

export const workflows = [content, order, crawl, showcase, haul];

/** Runs of the past, so that there is something to see. */
export function seed(app) {
    const minute = 60_000, hour = 60 * minute, now = Date.now();
    const start = (workflow, input, ago, more = {}) => app.start(workflow, input, { past: now - ago, ...more });
    const brief = (topic, words = 700) => ({ topic, folder: 'docs', out: 'article.html', words });
    start(content, brief('how a run survives a crash'), 2 * 24 * hour, { user: 'ann', session: 'articles', answers: [{ after: 20 * minute, answer: { Change: { title: 'Runs that survive' } }, by: 'ben' }, { after: 3 * hour, answer: { Publish: { by: 'Ben' } }, by: 'ben', comment: 'Reads well now.' }] });
    start(content, brief('sessions and their state'), 26 * hour, { user: 'ann', session: 'articles', answers: [{ after: 2 * hour, answer: { Reject: { why: 'The second section is off the topic.' } }, by: 'carla', comment: 'See the notes of Monday.' }] });
    start(order, { customer: 'Dora', items: [{ sku: 'tea-green', count: 2 }], payment: 18.5 }, 5 * hour, { user: 'dora', session: 'dora', metadata: { calm: true, source: 'web' } });
    start(crawl, { files: 40 }, 4 * hour, { user: 'cron', metadata: { source: 'timer' } });
    start(order, { customer: 'Emil', items: [{ sku: 'kettle', count: 1 }], payment: 74 }, 70 * minute, { user: 'emil', session: 'emil' });
    start(order, { customer: 'Fritz', items: [{ sku: 'samovar', count: 1 }], payment: 480 }, 35 * minute, { user: 'fritz', session: 'fritz' });
    start(content, brief('what a pause is'), 12 * minute, { user: 'ann', session: 'articles' });
    for (let n = 0; n < 60; n += 1) start(order, { customer: `Customer ${n}`, items: [{ sku: 'tea-black', count: 1 + (n % 4) }], payment: 5 + n }, (80 + 47 * n) * hour, { user: `user-${n % 7}`, metadata: { calm: true } });
    app.sessions.set('articles', { id: 'articles', name: 'Articles of the week', user: 'ann', version: 4, created_at: now - 2 * 24 * hour, updated_at: now - 12 * minute, state: { published: 1, rejected: ['sessions and their state'], style: { language: 'en', tone: 'plain' } } });
}
