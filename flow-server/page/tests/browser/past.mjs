// Runs of the past, so that there is something to see on every view.

/** Makes them, and returns their ids. */
export async function past(server) {
    const brief = (topic, more = {}) => ({ topic, tone: 'friendly', ...more });
    const sources = ['the library', 'the archive', 'the street'];
    const done = await server.start('article', brief('Bees in town', { sources, notes: 'Keep it short.' }), { user: 'ann', session: 'articles', metadata: { source: 'web' } });
    await server.answer(done, 'approve-1', { Retitle: { title: 'The bees of the town' } }, { by: 'ben', comment: 'The old one was dull.' });
    await server.answer(done, 'approve-2', { Publish: { by: 'Ben' } }, { by: 'ben' });
    const rejected = await server.start('article', brief('Wasps'), { user: 'ann', session: 'articles' });
    await server.answer(rejected, 'approve-1', { Reject: { feedback: 'The second section is off the topic.' } }, { by: 'carla' });
    const failed = await server.start('parcel', { name: 'a kettle', key: server.path('key') }, { user: 'emil', session: 'emil' });
    const crawl = await server.start('crawl', { pages: 12, ms: 20 }, { user: 'cron', metadata: { source: 'timer' } });
    const cancelled = await server.start('both', 'to the sea', { user: 'dora' });
    await server.ask('POST', `api/runs/${cancelled}/cancel`, {});
    for (const who of ['ann', 'ben', 'cay']) await server.start('visit', who, { session: 'shop', user: who });
    await server.ask('PATCH', 'api/sessions/shop', { name: 'The shop at the corner' });
    const agreement = await server.start('agreement', 'two and two are four', { user: 'fritz' });
    const both = await server.start('both', 'to the mountains', { user: 'dora' });
    const letter = await server.start('write-letter', { topic: 'the garden', to: 'Ms Green' }, { user: 'ann', session: 'letters' });
    const article = await server.start('article', brief('What a pause is', { sources }), { user: 'ann', session: 'articles' });
    const slow = await server.begin('slow', { rounds: 1000, ms: 1000 }, { user: 'rob' });
    return { done, rejected, failed, crawl, cancelled, agreement, both, letter, article, slow };
}
