import { describe, expect, it } from 'vitest';
import { answer, cost, freshPath, openFor, openRun, requestFor, sent, violations } from './support.ts';

describe('tokens and money in the ledger', () => {
  it('keep a limit at every event: the worst case is reserved first, the difference is given back', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { microUsd: 120 });
    const [first, second] = [
      sent(await ledger.intend(requestFor('run', 0))),
      sent(await ledger.intend(requestFor('run', 1))),
    ];
    // 100 of 120 are reserved; what is in flight may cost less, so it is awaited.
    expect(await ledger.intend(requestFor('run', 2))).toMatchObject({ kind: 'wait' });
    await ledger.settle({ callId: first, answer, cost });
    const third = sent(await ledger.intend(requestFor('run', 2)));
    for (const callId of [second, third]) await ledger.settle({ callId, answer, cost: { tokens: 29, microUsd: 45 } });
    expect((await ledger.budget({ run: 'run' })).microUsd).toEqual({ charged: 103, limit: 120 });
    // Nothing is in flight, and the 17 that are left do not cover a worst case of 50.
    expect(await ledger.intend(requestFor('run', 3))).toEqual({ kind: 'exhausted', reason: 'money' });
    expect((await ledger.slots({ run: 'run', stage: 0, round: 0 }))[3]?.reason).toBe('money');
    expect(violations(path)).toEqual([]);
  });

  it('keep the worst case of a call whose outcome or usage is unknown', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { tokens: 1000 });
    await ledger.settle({ callId: sent(await ledger.intend(requestFor('run', 0))), answer, cost: null });
    const lost = sent(await ledger.intend(requestFor('run', 1)));
    await ledger.forfeit({ callId: lost, reason: 'timeout', seen: true });
    expect((await ledger.budget({ run: 'run' })).tokens.charged).toBe(200);
    expect(await ledger.settle({ callId: lost, answer, cost })).toBe('recovered');
    expect((await ledger.budget({ run: 'run' })).tokens.charged).toBe(129);
    await ledger.refuse({
      callId: sent(await ledger.intend(requestFor('run', 2))),
      reason: 'rate_limited',
      final: false,
    });
    expect((await ledger.budget({ run: 'run' })).tokens.charged).toBe(129);
    expect(violations(path)).toEqual([]);
  });

  it('charge an answer above its worst case in full, and reserve that much for later calls', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { tokens: 500 });
    const callId = sent(await ledger.intend(requestFor('run', 0)));
    expect(await ledger.settle({ callId, answer, cost: { tokens: 350, microUsd: 10 } })).toBe('above-bound');
    expect((await ledger.budget({ run: 'run' })).tokens.charged).toBe(350);
    expect(await ledger.intend(requestFor('run', 1))).toEqual({ kind: 'exhausted', reason: 'tokens' });
    expect(await ledger.setLimits({ run: 'run', limits: { tokens: 349 } })).toMatchObject({ accepted: false });
    await ledger.setLimits({ run: 'run', limits: { tokens: 700 } });
    const next = sent(await ledger.intend(requestFor('run', 1)));
    expect((await ledger.budget({ run: 'run' })).tokens.charged).toBe(700);
    expect(await ledger.settle({ callId: next, answer, cost: { tokens: 350, microUsd: 10 } })).toBe('settled');
    expect(violations(path)).toEqual([]);
  });

  it('cost nothing where another run paid the answer', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'a');
    await openRun(ledger, 'b', { microUsd: 1, tokens: 1 });
    await ledger.settle({ callId: sent(await ledger.intend(requestFor('a', 0))), answer, cost });
    expect((await ledger.intend(requestFor('b', 0))).kind).toBe('answered');
    expect(await ledger.budget({ run: 'b' })).toMatchObject({
      charged: 1,
      tokens: { charged: 0 },
      microUsd: { charged: 0 },
    });
    expect((await ledger.summary({ run: 'b' })).tokens).toEqual({ input: 0, cachedInput: 0, output: 0, worst: 0 });
    expect(violations(path)).toEqual([]);
  });

  it('never start a call without a price under a limit in money', async () => {
    const ledger = await openFor(freshPath());
    await openRun(ledger, 'run', { microUsd: 100 });
    const unpriced = requestFor('run', 0, { worst: { tokens: 100, microUsd: null } });
    await expect(ledger.intend(unpriced)).rejects.toMatchObject({ type: 'InvalidInput' });
    expect((await ledger.budget({ run: 'run' })).charged).toBe(0);
  });
});

describe('money for the student', () => {
  const job = { run: 'run', kind: 'fine-tune', key: 'job', worstMicroUsd: 80 } as const;
  const request = { run: 'run', kind: 'generate-student', key: null, worstMicroUsd: 30 } as const;

  it('is an entry under the same limit: charged once a key, settled by usage, given back when refused', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { microUsd: 120 });
    const spent = await ledger.spend(job);
    if (spent.kind !== 'spend') throw new Error(spent.kind);
    expect(await ledger.spend(job)).toEqual({ kind: 'charged', id: spent.id });
    expect(await ledger.spendingOf({ run: 'run', key: 'job' })).toBe(spent.id);
    // A job may take days, so the ledger does not wait for what it may give back.
    expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'exhausted', reason: 'money' });
    const usage = { microUsd: 41, inputTokens: 5000, outputTokens: 0 };
    await ledger.endSpending({ id: spent.id, end: { state: 'settled', cost: usage } });
    await ledger.endSpending({ id: spent.id, end: { state: 'forfeited', reason: 'repeated' } });
    const written = await ledger.spend(request);
    if (written.kind !== 'spend') throw new Error(written.kind);
    expect((await ledger.budget({ run: 'run' })).microUsd.charged).toBe(71);
    expect(await ledger.spend({ ...request, worstMicroUsd: 60 })).toEqual({ kind: 'wait' });
    await ledger.endSpending({ id: written.id, end: { state: 'refused', reason: 'http_400' } });
    expect(await ledger.spend({ ...request, worstMicroUsd: 90 })).toEqual({ kind: 'exhausted' });
    expect(await ledger.summary({ run: 'run' })).toMatchObject({
      money: { teacherMicroUsd: 0, studentMicroUsd: 41, worstMicroUsd: 80 },
      student: [{ kind: 'fine-tune', count: 1, forfeited: 0, inputTokens: 5000, outputTokens: 0, microUsd: 41 }],
    });
    expect(violations(path)).toEqual([]);
  });

  it('stays charged when its worker dies, and when a run ends while a job goes on', async () => {
    const path = freshPath();
    const lost = await openFor(path);
    await openRun(lost, 'run', { microUsd: 200 });
    await lost.spend(request);
    await lost.spend(job);
    await lost.close();
    const ledger = await openFor(path);
    await ledger.setRunStatus({ run: 'run', status: 'stopped', result: null });
    expect((await ledger.budget({ run: 'run' })).microUsd.charged).toBe(110);
    expect((await ledger.summary({ run: 'run' })).student.map(({ forfeited }) => forfeited)).toEqual([1, 1]);
    expect(violations(path)).toEqual([]);
    // After a restart the job may have finished: its entry is settled, and no second one is charged.
    const again = await ledger.spend(job);
    if (again.kind !== 'charged') throw new Error(again.kind);
    await ledger.endSpending({
      id: again.id,
      end: {
        state: 'settled',
        cost: { microUsd: 41, inputTokens: 5000, outputTokens: 0 },
      },
    });
    expect((await ledger.budget({ run: 'run' })).microUsd.charged).toBe(71);
    expect(violations(path)).toEqual([]);
  });

  it.each(['settled', 'lost'])('charges another job under the key by itself once a %s one failed', async (how) => {
    const path = freshPath();
    const lost = await openFor(path);
    await openRun(lost, 'run', { microUsd: 200 });
    const first = await lost.spend(job);
    if (first.kind !== 'spend') throw new Error(first.kind);
    if (how === 'settled') await lost.endSpending({ id: first.id, end: { state: 'settled', cost: null } });
    await lost.close();
    const ledger = await openFor(path);
    await ledger.setRunStatus({ run: 'run', status: 'stopped', result: null });
    expect(await ledger.spend(job)).toEqual({ kind: 'charged', id: first.id });
    for (const _ of ['once', 'and again']) {
      await ledger.endSpending({ id: first.id, end: { state: 'forfeited', reason: 'job_failed' } });
      expect((await ledger.budget({ run: 'run' })).microUsd.charged).toBe(80);
      expect(await ledger.spendingOf({ run: 'run', key: 'job' })).toBe(null);
    }
    const second = await ledger.spend(job);
    if (second.kind !== 'spend') throw new Error(second.kind);
    await ledger.endSpending({
      id: second.id,
      end: {
        state: 'settled',
        cost: { microUsd: 41, inputTokens: 1, outputTokens: 0 },
      },
    });
    expect((await ledger.budget({ run: 'run' })).microUsd.charged).toBe(121);
    expect(violations(path)).toEqual([]);
  });
});
