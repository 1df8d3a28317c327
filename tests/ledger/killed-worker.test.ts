import { describe, expect, it } from 'vitest';
import { answer, cost, freshPath, openFor, openRun, requestFor, sent, startChild, violations } from './support.ts';

describe('a worker killed between intent and answer', () => {
  it('leaves calls that stay charged and are reissued while calls beyond the plan are left', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { calls: 5, planned: 4 });
    const child = startChild(path, 'intend', 'run', '4');
    expect(await child.next()).toHaveLength(4);
    expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'wait', callId: 'content-0.0' });
    await child.kill();

    expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'send', callId: 'content-0.1', again: false });
    await ledger.settle({ callId: 'content-0.1', answer, cost });
    expect(await ledger.intend(requestFor('run', 1))).toEqual({ kind: 'exhausted', reason: 'forfeited' });
    expect(await ledger.budget({ run: 'run' })).toMatchObject({ charged: 5, settled: 1, forfeited: 2 });
    // Its answer arrives late: nothing is charged again, and the slot is filled.
    expect(await ledger.settle({ callId: 'content-1.0', answer, cost })).toBe('recovered');
    expect(await ledger.intend(requestFor('run', 1))).toEqual({ kind: 'answered', callId: 'content-1.0' });
    expect((await ledger.budget({ run: 'run' })).charged).toBe(5);
    expect(violations(path)).toEqual([]);
  });

  it('leaves calls that are resent to an idempotent endpoint and not charged twice', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { calls: 3 });
    const child = startChild(path, 'intend', 'run', '3');
    await child.next();
    await child.kill();
    for (const slot of [0, 1, 2]) {
      const outcome = await ledger.intend(requestFor('run', slot, { idempotencyTtl: 3600 }));
      expect(outcome).toEqual({ kind: 'send', callId: `content-${slot}.0`, again: true });
      await ledger.settle({ callId: sent(outcome), answer, cost });
    }
    expect(await ledger.budget({ run: 'run' })).toMatchObject({ charged: 3, settled: 3, forfeited: 0 });
    expect(violations(path)).toEqual([]);
  });

  it('does not resend what the endpoint may have forgotten', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { calls: 2, planned: 1 });
    const child = startChild(path, 'intend', 'run', '1');
    await child.next();
    await child.kill();
    // Half of a ttl this short has passed since the intent.
    expect(await ledger.intend(requestFor('run', 0, { idempotencyTtl: 0.001 }))).toMatchObject({
      kind: 'send',
      callId: 'content-0.1',
    });
  });
});

describe('a creation that must happen once', () => {
  it('passes to the next claimant when the first is killed, and is awaited while that one lives', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    const child = startChild(path, 'claim', 'job');
    expect(await child.next()).toEqual({ kind: 'create' });
    const claim = ledger.claimOnce({ key: 'job' });
    expect(await Promise.race([claim, ledger.identity().then(() => 'waiting')])).toBe('waiting');
    await child.kill();
    expect(await claim).toEqual({ kind: 'create' });
    await ledger.recordOnce({ key: 'job', value: 'ft-1' });
    const other = await openFor(path);
    expect(await other.claimOnce({ key: 'job' })).toEqual({ kind: 'created', value: 'ft-1' });
    await other.forgetOnce({ key: 'job', value: 'ft-2' });
    expect(await other.claimOnce({ key: 'job' })).toEqual({ kind: 'created', value: 'ft-1' });
    await other.forgetOnce({ key: 'job', value: 'ft-1' });
    expect(await other.claimOnce({ key: 'job' })).toEqual({ kind: 'create' });
  });

  it('passes to one claimant at a time, of one worker or of several, and to the next on release', async () => {
    const path = freshPath();
    const [first, second] = [await openFor(path), await openFor(path)];
    expect(await first.claimOnce({ key: 'job' })).toEqual({ kind: 'create' });
    const claimed: string[] = [];
    const waiting = [first, first, second].map(async (ledger, n) => {
      const claim = await ledger.claimOnce({ key: 'job' });
      claimed.push(`${n} ${claim.kind}`);
      if (claim.kind === 'create' && claimed.length < 3) await ledger.forgetOnce({ key: 'job', value: '' });
      else if (claim.kind === 'create') await ledger.recordOnce({ key: 'job', value: 'ft-1' });
    });
    await first.forgetOnce({ key: 'job', value: 'ft-0' });
    await first.identity();
    expect(claimed).toEqual([]);
    const ends = new AbortController();
    const given = first.claimOnce({ key: 'job', signal: ends.signal });
    ends.abort(new Error('cancelled'));
    await expect(given).rejects.toThrow('cancelled');
    await first.forgetOnce({ key: 'job', value: '' });
    await Promise.all(waiting);
    expect(claimed.map((one) => one.slice(2))).toEqual(['create', 'create', 'create']);
    expect(await first.claimOnce({ key: 'job' })).toEqual({ kind: 'created', value: 'ft-1' });
  });
});
