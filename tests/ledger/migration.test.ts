import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { answer, cost, freshPath, queryLedger, openFor, requestFor, sent, violations } from './support.ts';

/** A file as schema version 1 left it: made by that version (see its first line), kept as text. */
function versionOne(): string {
  const path = freshPath();
  const database = new DatabaseSync(path);
  database.exec(readFileSync(new URL('version-1.sql', import.meta.url), 'utf8'));
  database.close();
  return path;
}

it('a ledger of version 1 is migrated to version 3: it keeps its charges, and tokens are counted', async () => {
  const path = versionOne();
  const before = queryLedger(path, 'select charged, settled, forfeited, recovered, cached, open from runs');
  const ledger = await openFor(path);
  expect(queryLedger(path, 'select charged, settled, forfeited, recovered, cached, open from runs')).toEqual(before);
  expect(queryLedger(path, 'select version from ledger')).toEqual([{ version: 3 }]);
  expect(await ledger.budget({ run: 'old' })).toEqual({
    slots: 10,
    limit: 10,
    charged: 6,
    settled: 2,
    forfeited: 1,
    tokens: { charged: 87, limit: null },
    microUsd: { charged: 0, limit: null },
  });
  expect(violations(path)).toEqual([]);
  const summary = await ledger.summary({ run: 'old' });
  expect(summary).toMatchObject({
    calls: { settled: 2, cached: 1, forfeited: 1, recovered: 1, refused: 1, open: 1 },
    money: { teacherMicroUsd: 0, unpriced: 3 },
    unusable: { mismatch: 1 },
  });

  // Old answers are used, an old call in flight is forfeited, new ones are charged in every currency.
  expect(await ledger.intend(requestFor('old', 0))).toEqual({ kind: 'answered', callId: 'content-0.0' });
  expect((await ledger.slots({ run: 'old', stage: 0, round: 0 }))[0]?.answer?.text).toBe(answer.text);
  await ledger.settle({ callId: sent(await ledger.intend(requestFor('old', 7))), answer, cost });
  await ledger.setRunStatus({ run: 'old', status: 'stopped', result: null });
  expect((await ledger.summary({ run: 'old' })).calls.open).toBe(0);
  expect((await ledger.budget({ run: 'old' })).tokens.charged).toBe(87 + 29);
  expect(violations(path)).toEqual([]);
});

it('several processes may migrate it at the same moment', async () => {
  const path = versionOne();
  const ledgers = await Promise.all([1, 2, 3].map(() => openFor(path)));
  for (const ledger of ledgers) expect((await ledger.budget({ run: 'old' })).charged).toBe(6);
  expect(violations(path)).toEqual([]);
});
