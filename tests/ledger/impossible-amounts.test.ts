/** A ledger with amounts that no call can have, as an endpoint once reported them: every operation still works. */
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { answer, cost, freshPath, queryLedger, openFor, openRun, requestFor, sent, violations } from './support.ts';

/** Two runs with answers, a call in flight, and a forfeited call; closed again. */
async function twoRuns(): Promise<string> {
  const path = freshPath();
  const ledger = await openFor(path);
  for (const run of ['hit', 'other']) {
    await openRun(ledger, run);
    for (const slot of [0, 1, 2, 3]) {
      const callId = sent(await ledger.intend(requestFor(run, slot, { contentKey: `${run}-${slot}` })));
      if (slot < 2) await ledger.settle({ callId, answer, cost });
      if (slot === 2) await ledger.forfeit({ callId, reason: 'timeout', seen: true });
    }
  }
  await ledger.close();
  return path;
}

function change(path: string, statements: string): void {
  const database = new DatabaseSync(path);
  database.exec(statements);
  database.close();
}

/** What version 3 wrote for an input of 9007199254740991 tokens and for the calls after it. */
const reported = `
  update calls set input_tokens = 9007199254740991 where call_id = 'hit-1.0';
  update charges set tokens = 9007199254741000, micro_usd = 9007199254741000 where call_id = 'hit-1.0';
  update charges set tokens = 9007199254741000, worst_tokens = 9007199254741000 where call_id in ('hit-2.0', 'hit-3.0');
  update runs set excess_tokens = 9007199254740900, excess_micro_usd = 9007199254740900,
    tokens = (select sum(tokens) from charges where run = 'hit'),
    micro_usd = (select sum(micro_usd) from charges where run = 'hit') where name = 'hit';
  update events set tokens = (select tokens from runs where name = 'hit'),
    micro_usd = (select micro_usd from runs where name = 'hit')
    where counter = (select max(counter) from events where run = 'hit');`;

it.each([
  ['as an answer with 9007199254740991 tokens left it', reported],
  ['where only the sums of the run are beyond', `update runs set tokens = 9223372036854775807 where name = 'hit';`],
  ['where only an answer is', `update calls set output_tokens = 9223372036854775807 where call_id = 'hit-0.0';`],
  ['where only an event is', `update events set micro_usd = 9223372036854775807 where run = 'hit' and counter = 3;`],
])('opening a ledger repairs it, %s', async (_, statements) => {
  const path = await twoRuns();
  change(path, statements);
  const ledger = await openFor(path);
  expect((await ledger.runs()).map(({ name }) => name)).toEqual(['hit', 'other']);
  for (const run of ['hit', 'other']) {
    // 29 tokens per answer; 100 are reserved for the call in flight and for the forfeited one.
    const { tokens, microUsd } = await ledger.budget({ run });
    expect(microUsd.charged).toBeGreaterThanOrEqual(126);
    expect(microUsd.charged).toBeLessThan(200);
    expect(tokens.charged).toBeGreaterThanOrEqual(258);
    expect(tokens.charged).toBeLessThanOrEqual(329);
    await ledger.summary({ run });
    await ledger.entries({ run });
    await ledger.history({ run, points: 100 });
    expect(await ledger.audit({ run })).toEqual([]);
    await ledger.slots({ run, stage: 0, round: 0 });
    await ledger.settle({
      callId: sent(await ledger.intend(requestFor(run, 4, { contentKey: `${run}-4` }))),
      answer,
      cost,
    });
  }
  expect(violations(path)).toEqual([]);
  const repaired = queryLedger(path, `select run from events where transition = 'repair-amounts'`);
  expect(repaired).toEqual([{ run: 'hit' }]);
});

it('a charge that is repaired keeps its worst case, and what was reported as text', async () => {
  const path = await twoRuns();
  change(path, reported);
  const ledger = await openFor(path);
  const charges = queryLedger(path, `select call_id, tokens, worst_tokens, reason from charges where run = 'hit'`);
  expect(charges).toEqual([
    { call_id: 'hit-0.0', tokens: 29, worst_tokens: 100, reason: null },
    { call_id: 'hit-1.0', tokens: 100, worst_tokens: 100, reason: 'impossible usage: 9007199254741000 tokens' },
    { call_id: 'hit-2.0', tokens: 100, worst_tokens: 100, reason: 'timeout' },
    { call_id: 'hit-3.0', tokens: 100, worst_tokens: 100, reason: null },
  ]);
  expect(queryLedger(path, `select excess_tokens, excess_micro_usd from runs where name = 'hit'`)).toEqual([
    { excess_tokens: 0, excess_micro_usd: 0 },
  ]);
  expect((await ledger.summary({ run: 'hit' })).tokens).toMatchObject({ input: 20, output: 9 });
  await ledger.close();
  // A second opening finds nothing to repair.
  await openFor(path);
  expect(queryLedger(path, `select count(*) as times from events where transition = 'repair-amounts'`)).toEqual([
    { times: 1 },
  ]);
});

it('an answer whose usage is refused is charged its worst case; the first of a run stops it, later ones do not', async () => {
  const path = freshPath();
  const ledger = await openFor(path);
  await openRun(ledger, 'run');
  const none = { ...answer, inputTokens: null, cachedInputTokens: null, outputTokens: null };
  const odd = { ...none, refusedUsage: { text: '{"prompt_tokens":-1}', impossible: false } };
  const huge = { ...none, refusedUsage: { text: '{"prompt_tokens":9007199254740991}', impossible: true } };
  const settle = async (slot: number, given: typeof huge) =>
    await ledger.settle({ callId: sent(await ledger.intend(requestFor('run', slot))), answer: given, cost: null });
  expect(await settle(0, odd)).toBe('settled');
  expect(await settle(1, huge)).toBe('above-bound');
  expect(await settle(2, huge)).toBe('settled');
  expect((await ledger.budget({ run: 'run' })).tokens.charged).toBe(300);
  expect((await ledger.entries({ run: 'run' })).map(({ reason }) => reason)).toEqual([
    'usage: {"prompt_tokens":-1}',
    'impossible usage: {"prompt_tokens":9007199254740991}',
    'impossible usage: {"prompt_tokens":9007199254740991}',
  ]);
  expect(await ledger.audit({ run: 'run' })).toEqual([]);
  expect(violations(path)).toEqual([]);
});
