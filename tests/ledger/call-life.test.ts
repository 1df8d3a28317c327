import { describe, expect, it } from 'vitest';
import {
  answer,
  cost,
  freshPath,
  queryLedger,
  openFor,
  openRun,
  requestFor,
  sent,
  specOf,
  violations,
} from './support.ts';

describe('the life of one call', () => {
  it('is charged before it is sent, settled once, and found again by the next process', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run');
    const callId = sent(await ledger.intend(requestFor('run', 0)));
    expect(callId).toBe('content-0.0');
    expect(await ledger.budget({ run: 'run' })).toEqual({
      slots: 10,
      limit: 10,
      charged: 1,
      settled: 0,
      forfeited: 0,
      tokens: { charged: 100, limit: null },
      microUsd: { charged: 50, limit: null },
    });
    expect(await ledger.callState({ callId })).toBe('intent');
    expect(await ledger.settle({ callId, answer, cost })).toBe('settled');
    expect(await ledger.settle({ callId, answer: { ...answer, text: 'another answer' }, cost })).toBe('settled');
    await ledger.close();

    const again = await openFor(path);
    expect(await again.intend(requestFor('run', 0))).toEqual({ kind: 'answered', callId });
    expect(await again.slots({ run: 'run', stage: 0, round: 0 })).toEqual([{ slot: 0, callId, answer, reason: null }]);
    expect((await again.budget({ run: 'run' })).charged).toBe(1);
    expect(queryLedger(path, 'select transition, charged from events order by counter')).toEqual([
      { transition: 'open-run', charged: 0 },
      { transition: 'intend', charged: 1 },
      { transition: 'settle', charged: 1 },
    ]);
    expect(violations(path)).toEqual([]);
  });

  it('is given back when refused, and charged again when it is intended again', async () => {
    const ledger = await openFor(freshPath());
    await openRun(ledger, 'run', { calls: 1 });
    const callId = sent(await ledger.intend(requestFor('run', 0)));
    await ledger.refuse({ callId, reason: 'rate_limited', final: false });
    await ledger.refuse({ callId, reason: 'rate_limited', final: false });
    expect((await ledger.budget({ run: 'run' })).charged).toBe(0);
    expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'send', callId, again: false });
    expect((await ledger.budget({ run: 'run' })).charged).toBe(1);
  });

  it('charges a late answer of a refused call, also where no call was left for its slot', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { calls: 1, planned: 0 });
    const refused = sent(await ledger.intend(requestFor('run', 0)));
    await ledger.refuse({ callId: refused, reason: 'rate_limited', final: false });
    await ledger.settle({ callId: sent(await ledger.intend(requestFor('run', 1))), answer, cost });
    expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'exhausted', reason: 'calls' });
    await ledger.setLimits({ run: 'run', limits: { calls: 2 } });
    expect(await ledger.settle({ callId: refused, answer, cost })).toBe('recovered');
    expect(await ledger.budget({ run: 'run' })).toMatchObject({ charged: 2, tokens: { charged: 2 * cost.tokens } });
    expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'answered', callId: refused });
    expect(violations(path)).toEqual([]);
  });

  it('keeps a late answer of a forfeited call: already charged, and the slot is filled', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run');
    const callId = sent(await ledger.intend(requestFor('run', 0)));
    await ledger.forfeit({ callId, reason: 'timeout', seen: true });
    expect((await ledger.slots({ run: 'run', stage: 0, round: 0 }))[0]?.reason).toBe('forfeited');
    expect(await ledger.settle({ callId, answer, cost })).toBe('recovered');
    expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'answered', callId });
    expect(await ledger.budget({ run: 'run' })).toMatchObject({ charged: 1, forfeited: 0 });
    expect((await ledger.summary({ run: 'run' })).calls).toMatchObject({ recovered: 1, forfeited: 0, open: 0 });
    expect(violations(path)).toEqual([]);
  });

  it('reissues a forfeited call only with calls beyond the plan', async () => {
    const ledger = await openFor(freshPath());
    await openRun(ledger, 'run', { calls: 2 });
    await ledger.forfeit({ callId: sent(await ledger.intend(requestFor('run', 0))), reason: 'timeout', seen: true });
    expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'exhausted', reason: 'forfeited' });
    expect((await ledger.slots({ run: 'run', stage: 0, round: 0 }))[0]).toMatchObject({
      answer: null,
      reason: 'forfeited',
    });
    await ledger.setLimits({ run: 'run', limits: { calls: 3 } });
    expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'send', callId: 'content-0.1', again: false });
  });

  it('reports why a slot is empty: refused for good, or no calls left', async () => {
    const ledger = await openFor(freshPath());
    await openRun(ledger, 'run', { calls: 1, planned: 3 });
    await ledger.refuse({
      callId: sent(await ledger.intend(requestFor('run', 0))),
      reason: 'supply_exhausted',
      final: true,
    });
    await ledger.settle({ callId: sent(await ledger.intend(requestFor('run', 1))), answer, cost });
    expect(await ledger.intend(requestFor('run', 2))).toEqual({ kind: 'exhausted', reason: 'calls' });
    expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'exhausted', reason: 'calls' });
    const slots = await ledger.slots({ run: 'run', stage: 0, round: 0 });
    expect(slots.map(({ reason }) => reason)).toEqual(['supply_exhausted', null, 'calls']);
    expect(slots[1]?.answer).toEqual(answer);
  });

  it('charges a slot that is intended again after a final refusal to the calls beyond the plan', async () => {
    const ledger = await openFor(freshPath());
    await openRun(ledger, 'run', { calls: 3 });
    const refused = sent(await ledger.intend(requestFor('run', 0)));
    await ledger.refuse({ callId: refused, reason: 'supply_exhausted', final: true });
    // Two planned calls are left of three: the freed one goes to the slot that is intended again.
    expect(sent(await ledger.intend(requestFor('run', 0)))).toBe(refused);
    await ledger.refuse({ callId: refused, reason: 'rate_limited', final: false });
    const refill = requestFor('run', 9, { round: 1, planned: false });
    await ledger.settle({ callId: sent(await ledger.intend(refill)), answer, cost });
    expect((await ledger.intend(requestFor('run', 0))).kind).toBe('exhausted');
    await ledger.settle({ callId: sent(await ledger.intend(requestFor('run', 1))), answer, cost });
    await ledger.settle({ callId: sent(await ledger.intend(requestFor('run', 2))), answer, cost });
    expect((await ledger.budget({ run: 'run' })).charged).toBe(3);
  });

  it('waits for calls in flight before it reports that none are left', async () => {
    const ledger = await openFor(freshPath());
    await openRun(ledger, 'run', { calls: 1, planned: 2 });
    const first = sent(await ledger.intend(requestFor('run', 0)));
    expect(await ledger.intend(requestFor('run', 1))).toEqual({ kind: 'wait', callId: first });
    await ledger.refuse({ callId: first, reason: 'rate_limited', final: true });
    expect(sent(await ledger.intend(requestFor('run', 1)))).toBe('content-1.0');
  });

  it('stops sending after too many unknown outcomes in a row, until forgiven', async () => {
    const ledger = await openFor(freshPath());
    await openRun(ledger, 'run', { calls: 10, maxForfeits: 2 });
    for (const slot of [0, 1]) {
      await ledger.forfeit({
        callId: sent(await ledger.intend(requestFor('run', slot))),
        reason: 'timeout',
        seen: true,
      });
    }
    expect(await ledger.intend(requestFor('run', 2))).toEqual({ kind: 'unstable', forfeits: 2 });
    await ledger.forgiveForfeits({ run: 'run' });
    expect((await ledger.intend(requestFor('run', 2))).kind).toBe('send');
  });
});

describe('a run in the ledger', () => {
  it('keeps limit and charges when opened again, and its result when the engine forgot it', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { calls: 5 });
    await ledger.settle({ callId: sent(await ledger.intend(requestFor('run', 0))), answer, cost });
    expect(await ledger.setLimits({ run: 'run', limits: { calls: 0 } })).toMatchObject({
      accepted: false,
      budget: { limit: 5, charged: 1 },
    });
    expect(await ledger.setLimits({ run: 'run', limits: { calls: 7 } })).toMatchObject({
      accepted: true,
      budget: { limit: 7 },
    });
    await openRun(ledger, 'run', { calls: 100 });
    await ledger.setRunStatus({ run: 'run', status: 'completed', result: { macro: 0.5 } });
    expect(await ledger.run({ run: 'unknown' })).toBeUndefined();
    const record = await ledger.run({ run: 'run' });
    expect(record).toMatchObject({ name: 'run', status: 'completed', limit: 7, charged: 1, result: { macro: 0.5 } });
    expect(record?.spec).toEqual(specOf('run'));
    expect((await ledger.runs()).map(({ name }) => name)).toEqual(['run']);
  });

  it('sums up what it spent', async () => {
    const ledger = await openFor(freshPath());
    await openRun(ledger, 'run');
    for (const slot of [0, 1, 2])
      await ledger.settle({ callId: sent(await ledger.intend(requestFor('run', slot))), answer, cost });
    const late = requestFor('run', 0, { stage: 1, contentKey: 'other' });
    await ledger.forfeit({ callId: sent(await ledger.intend(late)), reason: 'timeout', seen: true });
    await ledger.markUnusable({ marks: [{ callId: 'content-2.0', reason: 'mismatch' }] });
    const none = { settled: 0, cached: 0, forfeited: 0, recovered: 0, open: 0 };
    expect(await ledger.summary({ run: 'run' })).toEqual({
      run: 'run',
      budget: {
        slots: 10,
        limit: 10,
        charged: 4,
        settled: 3,
        forfeited: 1,
        tokens: { charged: 187, limit: null },
        microUsd: { charged: 89, limit: null },
      },
      calls: { settled: 3, cached: 0, forfeited: 1, recovered: 0, refused: 0, open: 0 },
      duplicates: 0,
      tokens: { input: 60, cachedInput: 0, output: 27, worst: 400 },
      money: { teacherMicroUsd: 89, studentMicroUsd: 0, worstMicroUsd: 200, unpriced: 0 },
      unusable: { mismatch: 1 },
      stages: [
        { stage: 0, ...none, charged: 3, settled: 3, tokens: 87, microUsd: 39 },
        { stage: 1, ...none, charged: 1, forfeited: 1, tokens: 100, microUsd: 50 },
      ],
      domains: [
        { domain: 'domain-0', ...none, charged: 3, settled: 2, forfeited: 1, tokens: 158, microUsd: 76 },
        { domain: 'domain-1', ...none, charged: 1, settled: 1, tokens: 29, microUsd: 13 },
      ],
      student: [],
    });
  });

  it('leaves no open call of a dead worker when it ends', async () => {
    const path = freshPath();
    const lost = await openFor(path);
    await openRun(lost, 'run');
    await lost.intend(requestFor('run', 0));
    await lost.close();
    const ledger = await openFor(path);
    await ledger.setRunStatus({ run: 'run', status: 'stopped', result: null });
    expect((await ledger.summary({ run: 'run' })).calls).toMatchObject({ open: 0, forfeited: 1 });
  });
});
