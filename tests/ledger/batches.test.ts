import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import type { Ledger } from '../../activities/ports/ledger.ts';
import { answer, cost, freshPath, openFor, openRun, requestFor, sent, violations } from './support.ts';

const file = { uri: `artifact:${'0'.repeat(64)}`, sha256: '0'.repeat(64), bytes: 10, rows: 1 };
const round = { run: 'run', stage: 0, round: 0 };

async function gathered(ledger: Ledger, slots: readonly number[]): Promise<string> {
  const { id } = await ledger.gatherBatch(round);
  for (const slot of slots) sent(await ledger.intend(requestFor('run', slot, { batch: id })));
  return id;
}

it('the calls of a batch outlive the process that recorded them, and end one by one in any order', async () => {
  const path = freshPath();
  const first = await openFor(path);
  await openRun(first, 'run');
  const id = await gathered(first, [0, 1]);
  await first.close();

  // Gathered again from the start: the calls it holds are found, and the others join.
  const ledger = await openFor(path);
  expect(await gathered(ledger, [0, 1, 2, 3])).toBe(id);
  expect((await ledger.budget({ run: 'run' })).charged).toBe(4);
  // One call per slot, and no other process may send or forfeit one.
  expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'wait', callId: 'content-0.0' });
  expect(await ledger.callState({ callId: 'content-0.0' })).toBe('intent');
  await ledger.sealBatch({ id, file, lines: 4, tokens: 40 });
  expect(await ledger.openBatches({ run: 'run' })).toMatchObject([{ id, state: 'sealed', lines: 4, tokens: 40, file }]);

  // Only the batch may end its calls.
  await ledger.refuse({ callId: 'content-2.0', reason: 'http_429', final: false });
  await ledger.forfeit({ callId: 'content-2.0', reason: 'timeout', seen: true });
  expect(await ledger.callState({ callId: 'content-2.0' })).toBe('intent');
  await expect(ledger.closeBatch({ id })).rejects.toThrow('4 of its calls are open');
  await ledger.settle({ callId: 'content-3.0', answer, cost });
  await ledger.settle({ callId: 'content-0.0', answer, cost });
  await ledger.refuse({ callId: 'content-2.0', reason: 'batch_expired', final: false, batch: id });
  await ledger.forfeit({ callId: 'content-1.0', reason: 'http_500', seen: true, batch: id });
  await ledger.closeBatch({ id });
  expect(await ledger.openBatches({ run: 'run' })).toEqual([]);
  expect(await ledger.budget({ run: 'run' })).toMatchObject({ charged: 3, settled: 2, forfeited: 1 });

  // A missing call joins the next batch: a refused one with the same id, a forfeited one as a reissue.
  const next = await ledger.gatherBatch(round);
  expect(next.id).not.toBe(id);
  expect(sent(await ledger.intend(requestFor('run', 2, { batch: next.id })))).toBe('content-2.0');
  expect(await ledger.batchLines({ id: next.id })).toEqual([{ callId: 'content-2.0', state: 'intent' }]);
  expect((await ledger.batchLines({ id })).map(({ callId }) => callId).toSorted()).toEqual([
    'content-0.0',
    'content-1.0',
    'content-3.0',
  ]);
  expect(await ledger.audit({ run: 'run' })).toEqual([]);
  expect(violations(path)).toEqual([]);
});

it('a batch is sealed only with the calls it holds, and then accepts no more', async () => {
  const ledger = await openFor(freshPath());
  await openRun(ledger, 'run');
  const id = await gathered(ledger, [0, 1]);
  await expect(ledger.sealBatch({ id, file, lines: 1, tokens: 10 })).rejects.toThrow('with 2 calls');
  await ledger.sealBatch({ id, file, lines: 2, tokens: 20 });
  await expect(ledger.sealBatch({ id, file, lines: 2, tokens: 20 })).rejects.toThrow('is sealed');
  await expect(ledger.intend(requestFor('run', 2, { batch: id }))).rejects.toThrow('cannot join');
  expect((await ledger.budget({ run: 'run' })).charged).toBe(2);
  expect(await ledger.audit({ run: 'run' })).toEqual([]);
});

it('a batch is created by one of the processes that try, and keeps its first name', async () => {
  const path = freshPath();
  const [one, other] = [await openFor(path), await openFor(path)];
  await openRun(one, 'run');
  const id = await gathered(one, [0]);
  expect(await one.tryBatch({ id, triedAt: null })).toBe(false);
  await one.sealBatch({ id, file, lines: 1, tokens: 10 });
  const tries = await Promise.all([one, other].map(async (ledger) => await ledger.tryBatch({ id, triedAt: null })));
  expect(tries.filter(Boolean)).toHaveLength(1);
  const { triedAt } = await one.batch({ id });
  expect(await other.tryBatch({ id, triedAt })).toBe(true);
  expect((await one.batch({ id })).triedAt).toBeGreaterThan(triedAt ?? Infinity);
  await one.recordBatch({ id, remote: 'batch_1' });
  await other.recordBatch({ id, remote: 'batch_2' });
  expect((await other.batch({ id })).remote).toBe('batch_1');
  expect(await other.tryBatch({ id, triedAt: (await one.batch({ id })).triedAt })).toBe(false);
});

it('a batch of a run that is over stays charged, and its later answers are used', async () => {
  const path = freshPath();
  const ledger = await openFor(path);
  await openRun(ledger, 'run');
  const id = await gathered(ledger, [0, 1]);
  await ledger.sealBatch({ id, file, lines: 2, tokens: 20 });
  await ledger.setRunStatus({ run: 'run', status: 'stopped', result: null });
  expect(await ledger.budget({ run: 'run' })).toMatchObject({ charged: 2, forfeited: 2 });
  expect(await ledger.audit({ run: 'run' })).toEqual([]);

  expect(await ledger.openBatches({ run: 'run' })).toMatchObject([{ id }]);
  expect(await ledger.settle({ callId: 'content-0.0', answer, cost })).toBe('recovered');
  await ledger.refuse({ callId: 'content-1.0', reason: 'batch_expired', final: false, batch: id });
  await ledger.closeBatch({ id });
  expect(await ledger.intend(requestFor('run', 0))).toEqual({ kind: 'answered', callId: 'content-0.0' });
  expect(await ledger.budget({ run: 'run' })).toMatchObject({ charged: 2, forfeited: 1 });
  expect(violations(path)).toEqual([]);
});

it('a batch does not block another run for ever', async () => {
  const path = freshPath();
  const ledger = await openFor(path);
  await openRun(ledger, 'run');
  await openRun(ledger, 'other');
  const id = await gathered(ledger, [0]);
  await ledger.sealBatch({ id, file, lines: 1, tokens: 10 });
  const asked = requestFor('other', 5, { contentKey: 'content-0' });
  expect(await ledger.intend(asked)).toEqual({ kind: 'wait', callId: 'content-0.0' });
  // Its run has not used it for more than three days.
  rewind(path, id);
  expect(await ledger.intend(asked)).toEqual({ kind: 'send', callId: 'content-0.1', again: false });
  // Its run continues, and its answer is still used: both calls were charged.
  expect(await ledger.settle({ callId: 'content-0.0', answer, cost })).toBe('recovered');
  expect(violations(path)).toEqual([]);
});

function rewind(path: string, id: string): void {
  const database = new DatabaseSync(path);
  database.prepare('update batches set last_seen = last_seen - 73 * 3600000 where id = ?').run(id);
  database.close();
}
