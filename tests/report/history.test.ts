import { expect, test } from 'vitest';
import { answer, cost, freshPath, openFor, openRun, requestFor, sent } from '../ledger/support.ts';

test('the last point of the budget history equals the budget, for every outcome of a call', async () => {
  const ledger = await openFor(freshPath());
  await openRun(ledger, 'other');
  await ledger.settle({ callId: sent(await ledger.intend(requestFor('other', 9))), answer, cost });
  await openRun(ledger, 'run');
  const calls = [];
  for (const slot of [0, 1, 2, 3]) calls.push(sent(await ledger.intend(requestFor('run', slot))));
  const [settled = '', forfeited = '', recovered = '', refused = ''] = calls;
  await ledger.settle({ callId: settled, answer, cost });
  await ledger.forfeit({ callId: forfeited, reason: 'timeout', seen: true });
  await ledger.forfeit({ callId: recovered, reason: 'timeout', seen: true });
  await ledger.settle({ callId: recovered, answer, cost });
  await ledger.refuse({ callId: refused, reason: 'not found', final: true });
  // Paid by the other run.
  expect(await ledger.intend(requestFor('run', 9))).toMatchObject({ kind: 'answered' });
  await ledger.adopt({ run: 'run', charged: { calls: 6, tokens: 0, microUsd: 0 } });
  await ledger.recordStage({ run: 'run', stage: 0, duplicated: 0, request: '{}', closed: '{}' });

  const { points, stages } = await ledger.history({ run: 'run', points: 200 });
  const { budget, calls: counts } = await ledger.summary({ run: 'run' });
  expect(points.at(0)).toMatchObject({ charged: 0, limit: 10, cached: 0, forfeited: 0 });
  expect(points.at(-1)).toMatchObject({
    charged: budget.charged,
    limit: budget.limit,
    cached: counts.cached,
    forfeited: counts.forfeited,
    microUsd: budget.microUsd.charged,
  });
  expect(counts).toMatchObject({ cached: 1, forfeited: 3 });
  expect(points.map(({ at }) => at)).toEqual(points.map(({ at }) => at).toSorted((a, b) => a - b));
  expect(stages).toEqual([{ stage: 0, at: expect.any(Number) }]);
});

test('a long run gives at most the requested points, including the first and the last', async () => {
  const ledger = await openFor(freshPath());
  await openRun(ledger, 'run', { calls: 500 });
  await Promise.all(Array.from({ length: 500 }, async (_, slot) => await ledger.intend(requestFor('run', slot))));
  const { points } = await ledger.history({ run: 'run', points: 20 });
  expect(points.length).toBeGreaterThan(15);
  expect(points.length).toBeLessThanOrEqual(22);
  expect(points.map(({ charged }) => charged)).toEqual(points.map(({ charged }) => charged).toSorted((a, b) => a - b));
  expect([points.at(0)?.charged, points.at(-1)?.charged]).toEqual([0, 500]);
});

test('unusable answers are listed with their text, a limited number per reason', async () => {
  const ledger = await openFor(freshPath());
  await openRun(ledger, 'run');
  const marks = [];
  for (const slot of [5, 3, 1, 4, 2]) {
    const callId = sent(await ledger.intend(requestFor('run', slot)));
    await ledger.settle({ callId, answer: { ...answer, text: `answer ${slot}` }, cost });
    marks.push({ callId, reason: slot === 4 ? 'unparseable' : 'mismatch' });
  }
  await ledger.markUnusable({ marks });
  expect(
    (await ledger.unusable({ run: 'run', each: 2 })).map(({ slot, reason, text }) => [slot, reason, text]),
  ).toEqual([
    [1, 'mismatch', 'answer 1'],
    [2, 'mismatch', 'answer 2'],
    [4, 'unparseable', 'answer 4'],
  ]);
});
