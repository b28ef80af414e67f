import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowsOf, scaleOf, tell, ticks } from '../../src/run/model.ts';
import { ago, span } from '../../src/time.ts';
import type { Attempt, Pause, RunEvent } from '../../src/types.ts';

const attempt = (step: string, started_at: number, ms: number | null, more: Partial<Attempt> = {}): Attempt => ({ step, path: '', attempt: 1, started_at, ms, state: ms === null ? 'running' : 'completed', error: null, ...more });

test('rows begin in order, attempts of a step share one, waits are between them', () => {
    const attempts = [attempt('write', 100, 50), attempt('check', 160, 10, { state: 'failed', error: 'no' }), attempt('check', 300, 10, { attempt: 2 })];
    const events: RunEvent[] = [{ seq: 1, time: 170, kind: 'step_retrying', step: 'check', attempt: 2, at: 290 }, { seq: 2, time: 300, kind: 'step_started', step: 'check', attempt: 2 }];
    const rows = rowsOf(events, attempts, [{ name: 'approve', id: 'approve-1', path: '', state: 'open', asked_at: 400 } as Pause]);
    assert.deepEqual(rows.map(row => row.label), ['write', 'check', 'approve']);
    assert.deepEqual(rows[1]!.bars.map(bar => [bar.kind, bar.from, bar.to]), [['work', 160, 170], ['retry', 170, 300], ['work', 300, 310]]);
    assert.equal(rows[2]!.bars[0]!.to, null);
});

test('a fan-out of many is one row', () => {
    const attempts = Array.from({ length: 40 }, (_, index) => attempt('read', 100 + index, 5, { path: `settle.${index}` }));
    const rows = rowsOf([], [attempt('find', 0, 50), ...attempts], []);
    assert.deepEqual(rows.map(row => [row.kind, row.count]), [['step', undefined], ['group', 40]]);
    assert.equal(rows[1]!.rows!.length, 40);
    assert.equal(rowsOf([], attempts.slice(0, 3), []).length, 3);
});

test('long waits are cut short, in order', () => {
    const rows = rowsOf([], [attempt('a', 0, 1000), attempt('b', 3_601_000, 1000)], []);
    const scale = scaleOf(rows, 0, 3_602_000, true);
    assert.equal(scale.worked, 2000);
    assert.equal(scale.waited, 3_600_000);
    assert.equal(scale.breaks.length, 1);
    assert.equal(scale.breaks[0]!.ms, 3_600_000);
    assert.ok(scale.at(1000) > 0.4 && scale.at(3_601_000) - scale.at(1000) < 0.1);
    for (let time = 0, last = -1; time <= 3_602_000; time += 1801) {
        const at = scale.at(time);
        assert.ok(at >= last && at >= 0 && at <= 1);
        last = at;
    }
    assert.equal(scale.at(3_602_000), 1);
    assert.ok(scaleOf(rows, 0, 3_602_000, false).at(1000) < 0.001);
});

test('a run that only waits still has a scale', () => {
    const scale = scaleOf([], 0, 5000, true);
    assert.equal(scale.at(0), 0);
    assert.equal(scale.at(5000), 1);
});

test('times in words', () => {
    assert.deepEqual([0, 999, 1500, 12_345, 302_000, 360_000, 187_200_000].map(span), ['0 ms', '999 ms', '1.5 s', '12 s', '5 min 2 s', '6 min', '2 d 4 h']);
    assert.equal(ago(0, 2000), 'now');
    assert.match(ago(0, 720_000), /12/);
    assert.deepEqual(ticks(4000, 5), [0, 1000, 2000, 3000, 4000]);
});

test('an event in a line', () => {
    assert.equal(tell({ seq: 1, time: 0, kind: 'step_completed', step: 'write', attempt: 2, ms: 7, path: 'parallel.1' }), 'write  attempt 2  7 ms');
});
