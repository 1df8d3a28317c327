import { describe, expect, it } from 'vitest';
import { answer, cost, freshPath, openFor, openRun, requestFor, sent, violations } from './support.ts';

const shared = { contentKey: 'same' };

describe('two runs that need the same call', () => {
  it('pay it once; the second counts it as a call, or has it for free', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    for (const run of ['a', 'counts', 'free']) await openRun(ledger, run, { calls: 2 });
    const callId = sent(await ledger.intend(requestFor('a', 0, shared)));
    await ledger.settle({ callId, answer, cost });
    const answered = { kind: 'answered', callId };
    expect(await ledger.intend(requestFor('counts', 5, shared))).toEqual(answered);
    expect(await ledger.intend(requestFor('counts', 5, shared))).toEqual(answered);
    expect(await ledger.intend(requestFor('free', 5, { ...shared, cached: 'free' }))).toEqual(answered);
    expect((await ledger.budget({ run: 'counts' })).charged).toBe(1);
    expect((await ledger.budget({ run: 'free' })).charged).toBe(0);
    expect((await ledger.summary({ run: 'counts' })).calls).toMatchObject({ settled: 0, cached: 1 });
    expect((await ledger.slots({ run: 'free', stage: 0, round: 0 }))[0]).toMatchObject({ callId, answer });
    expect(violations(path)).toEqual([]);
  });

  it('counts a cached answer against the limit', async () => {
    const ledger = await openFor(freshPath());
    await openRun(ledger, 'a');
    await openRun(ledger, 'b', { calls: 1 });
    await ledger.settle({ callId: sent(await ledger.intend(requestFor('a', 0, shared))), answer, cost });
    await ledger.settle({ callId: sent(await ledger.intend(requestFor('b', 1))), answer, cost });
    expect(await ledger.intend(requestFor('b', 0, shared))).toEqual({ kind: 'exhausted', reason: 'calls' });
  });

  it('have one payer: the other waits, and takes over when the payer is refused', async () => {
    const path = freshPath();
    const [first, second] = [await openFor(path), await openFor(path)];
    await openRun(first, 'a');
    await openRun(second, 'b');
    const callId = sent(await first.intend(requestFor('a', 0, shared)));
    expect(await second.intend(requestFor('b', 0, shared))).toEqual({ kind: 'wait', callId });
    expect((await second.budget({ run: 'b' })).charged).toBe(0);
    await first.refuse({ callId, reason: 'rate_limited', final: false });
    expect(await second.callState({ callId })).toBe('refused');
    expect(await second.intend(requestFor('b', 0, shared))).toEqual({ kind: 'send', callId, again: false });
    expect(await first.intend(requestFor('a', 0, shared))).toEqual({ kind: 'wait', callId });
    await second.settle({ callId, answer, cost });
    expect(await first.intend(requestFor('a', 0, shared))).toEqual({ kind: 'answered', callId });
    expect(await first.summary({ run: 'a' })).toMatchObject({
      budget: { charged: 1 },
      calls: { settled: 0, cached: 1 },
    });
    expect(violations(path)).toEqual([]);
  });

  it('resend the call of a dead worker under its key, and the first payer keeps the charge', async () => {
    const path = freshPath();
    const lost = await openFor(path);
    await openRun(lost, 'a');
    await openRun(lost, 'b', { calls: 1, planned: 2 });
    const idempotent = { ...shared, idempotencyTtl: 3600 };
    const callId = sent(await lost.intend(requestFor('a', 0, idempotent)));
    await lost.close();

    const ledger = await openFor(path);
    expect(await ledger.callState({ callId })).toBe('abandoned');
    expect(await ledger.intend(requestFor('b', 0, idempotent))).toEqual({ kind: 'send', callId, again: true });
    // The answer's charge is reserved now, so the limit holds when it arrives.
    expect(await ledger.intend(requestFor('b', 1))).toMatchObject({ kind: 'wait' });
    await ledger.settle({ callId, answer, cost });
    expect(await ledger.intend(requestFor('b', 1))).toEqual({ kind: 'exhausted', reason: 'calls' });
    expect(await ledger.summary({ run: 'a' })).toMatchObject({
      budget: { charged: 1 },
      calls: { settled: 1, cached: 0 },
    });
    expect(await ledger.summary({ run: 'b' })).toMatchObject({
      budget: { charged: 1 },
      calls: { settled: 0, cached: 1 },
    });
    expect((await ledger.slots({ run: 'a', stage: 0, round: 0 }))[0]).toMatchObject({ callId, answer });
    expect((await ledger.slots({ run: 'b', stage: 0, round: 0 }))[0]).toMatchObject({ callId, answer });
    expect(violations(path)).toEqual([]);
  });

  it('do not take a temporary refusal of the second request as proof that the first was not billed', async () => {
    const path = freshPath();
    const lost = await openFor(path);
    await openRun(lost, 'a');
    const request = requestFor('a', 0, { idempotencyTtl: 3600 });
    const callId = sent(await lost.intend(request));
    await lost.close();
    const ledger = await openFor(path);
    expect(await ledger.intend(request)).toMatchObject({ again: true });
    await ledger.refuse({ callId, reason: 'rate_limited', final: false });
    expect((await ledger.budget({ run: 'a' })).charged).toBe(1);
    expect(await ledger.intend(request)).toEqual({ kind: 'send', callId, again: true });
    expect(await ledger.settle({ callId, answer, cost })).toBe('settled');
    expect((await ledger.budget({ run: 'a' })).charged).toBe(1);
    expect(violations(path)).toEqual([]);
  });
});
