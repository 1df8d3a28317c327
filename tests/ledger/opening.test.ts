import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { answer, cost, freshPath, openFor, openRun, requestFor, sent, startChild, violations } from './support.ts';

/** Commits in a write-ahead log: frames whose header holds a database size (https://www.sqlite.org/fileformat2.html). */
function commitsIn(log: Buffer): number {
  const frame = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frame <= log.length; at += frame) if (log.readUInt32BE(at + 4) > 0) commits += 1;
  return commits;
}

describe('group commit', () => {
  it('answers many operations with few commits, and one that fails affects no other', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { calls: 200 });
    const before = commitsIn(readFileSync(`${path}-wal`));
    const slots = Array.from({ length: 64 }, (_, slot) => slot);
    const wrong = ledger.intend(requestFor('no such run', 0));
    const failed = expect(wrong).rejects.toMatchObject({ type: 'LedgerMismatch' });
    const calls = (await Promise.all(slots.map((slot) => ledger.intend(requestFor('run', slot))))).map(sent);
    await failed;
    await Promise.all(calls.map((callId) => ledger.settle({ callId, answer, cost })));
    expect(commitsIn(readFileSync(`${path}-wal`)) - before).toBeLessThan(16);
    expect(await ledger.budget({ run: 'run' })).toMatchObject({ charged: 64, settled: 64 });
    expect(violations(path)).toEqual([]);
  });
});

describe('two processes', () => {
  it('may create the same ledger at the same moment', async () => {
    const path = freshPath();
    const ledgers = await Promise.all([1, 2, 3, 4].map(() => openFor(path)));
    const identities = await Promise.all(ledgers.map((ledger) => ledger.identity()));
    expect(new Set(identities.map(({ id }) => id)).size).toBe(1);
  });

  it('compete for a limit and never pass it together', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { calls: 30, planned: 80 });
    const child = startChild(path, 'intend', 'run', '40', '40');
    const mine = await Promise.all(Array.from({ length: 40 }, (_, slot) => ledger.intend(requestFor('run', slot))));
    const theirs = await child.next();
    const all = Array.isArray(theirs) ? [...mine, ...theirs] : [];
    expect(all.filter(({ kind }) => kind === 'send')).toHaveLength(30);
    expect((await ledger.budget({ run: 'run' })).charged).toBe(30);
    expect(violations(path)).toEqual([]);
  });
});

describe('a ledger that cannot be used', () => {
  it('is recognized by its id and by its counter', async () => {
    const [path, other] = [freshPath(), freshPath()];
    const ledger = await openFor(path);
    await openRun(ledger, 'run');
    const pinned = await ledger.identity();
    expect(pinned.counter).toBe(1);
    expect(await ledger.verify(pinned)).toEqual(pinned);
    await expect(ledger.verify({ ...pinned, counter: 7 })).rejects.toMatchObject({
      type: 'LedgerMismatch',
      message: expect.stringMatching(/1 events.*7/),
    });
    const stranger = await openFor(other);
    await expect(stranger.verify(pinned)).rejects.toMatchObject({
      type: 'LedgerMismatch',
      message: expect.stringContaining(pinned.id),
    });
    await expect(stranger.settle({ callId: 'unknown.0', answer, cost })).rejects.toMatchObject({
      type: 'LedgerMismatch',
    });
  });

  it('is refused when damaged, when written by a newer version, and when it cannot be created', async () => {
    const damaged = freshPath();
    writeFileSync(damaged, 'this is not a database, however long one looks at it. '.repeat(100));
    await expect(openLedger({ path: damaged })).rejects.toMatchObject({ type: 'LedgerUnavailable' });

    const newer = freshPath();
    await (await openFor(newer)).close();
    const database = new DatabaseSync(newer);
    database.exec('update ledger set version = 99');
    database.close();
    await expect(openLedger({ path: newer })).rejects.toMatchObject({
      type: 'LedgerUnavailable',
      message: expect.stringContaining('99'),
    });

    await expect(openLedger({ path: `${damaged}/below/a/file` })).rejects.toMatchObject({ type: 'StorageFull' });
  });

  it('is refused when a page of it is damaged, with a way out, and opens again when a copy is put back', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run', { calls: 400 });
    await Promise.all(Array.from({ length: 300 }, (_, slot) => ledger.intend(requestFor('run', slot))));
    await ledger.close();
    const whole = readFileSync(path);
    const broken = Buffer.from(whole);
    broken.fill(0xff, 4096 * 3, 4096 * 6);
    writeFileSync(path, broken);
    await expect(openLedger({ path })).rejects.toMatchObject({
      type: 'LedgerUnavailable',
      message: expect.stringMatching(/is damaged.*baldistill down.*ledger adopt RUN --charged N/),
    });
    writeFileSync(path, whole);
    expect((await (await openFor(path)).budget({ run: 'run' })).charged).toBe(300);
  });

  it('reports that it is full or read-only, and works again when that is fixed', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run');
    await ledger.close();
    chmodSync(path, 0o444);
    // Root can write to read-only files; there is nothing to check then.
    if (process.getuid?.() !== 0) await expect(openLedger({ path })).rejects.toMatchObject({ type: 'StorageFull' });
    chmodSync(path, 0o644);
    expect((await (await openFor(path)).budget({ run: 'run' })).charged).toBe(0);
  });

  it('stores the end of a call later when it was locked at first, at the latest when it is closed', async () => {
    const path = freshPath();
    const ledger = await openFor(path);
    await openRun(ledger, 'run');
    const calls = [sent(await ledger.intend(requestFor('run', 0))), sent(await ledger.intend(requestFor('run', 1)))];
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    const ends = calls.map((callId) => ledger.settle({ callId, answer, cost }));
    for (const end of await Promise.allSettled(ends))
      expect(end).toMatchObject({ reason: { type: 'LedgerUnavailable' } });
    other.exec('rollback');
    other.close();
    await ledger.close();
    const again = await openFor(path);
    for (const callId of calls) expect(await again.callState({ callId })).toBe('settled');
    expect(violations(path)).toEqual([]);
  }, 60_000);

  it('rejects every request after it was closed', async () => {
    const ledger = await openFor(freshPath());
    await ledger.close();
    await expect(ledger.identity()).rejects.toMatchObject({ type: 'LedgerUnavailable' });
  });
});
