import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { playStories } from './model-stories.ts';
import { answer, cost, freshPath, openFor, openRun, requestFor, violations } from './support.ts';

describe('the ledger against its reference model', () => {
  it('returns the same outcomes for two writers in any order, silenced or not', async () => {
    await playStories(60, 100_000);
  }, 120_000);

  it('keeps its guarantees when two writers work concurrently', async () => {
    const path = freshPath();
    const ledgers = [await openFor(path), await openFor(path)];
    const [first] = ledgers;
    await openRun(first ?? expect.fail(), 'run', { calls: 40, planned: 60, maxForfeits: 100 });
    const random = fc.sample(fc.nat(99), { seed: 7, numRuns: 400 });
    await Promise.all(
      random.map(async (dice, index) => {
        const ledger = ledgers[index % 2] ?? expect.fail();
        const outcome = await ledger.intend(requestFor('run', index % 60));
        if (outcome.kind !== 'send') return;
        if (dice < 50) await ledger.settle({ callId: outcome.callId, answer, cost });
        else if (dice < 75) await ledger.refuse({ callId: outcome.callId, reason: 'rate_limited', final: dice < 60 });
        else await ledger.forfeit({ callId: outcome.callId, reason: 'timeout', seen: true });
      }),
    );
    expect(violations(path)).toEqual([]);
    expect((await (first ?? expect.fail()).summary({ run: 'run' })).calls.open).toBe(0);
  });
});
