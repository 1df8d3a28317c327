/** Batches: from the first call that joins to the last one that ends. */
import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { BatchKey, BatchRecord } from '../../../activities/ports/batch-ledger.ts';
import type { RoundKey, RunKey } from '../../../activities/ports/ledger.ts';
import { ArtifactRef } from '../../../contracts/artifact.ts';
import { findBatch, ownerOf } from '../calls.ts';
import type { Operation } from '../protocol.ts';
import type { BatchesTable } from '../schema/schema-3.ts';
import { columnsOf, statement } from '../transaction.ts';
import type { LedgerTransaction, Parameter } from '../transaction.ts';

/** Batches that a run may have open; far more than a run needs. */
const mostOpen = 1000;

const gatheringBatch = statement((database, p: Parameter<RoundKey>) =>
  database
    .selectFrom('batches')
    .selectAll()
    .where((row) => row.and({ ...columnsOf(p, ['run', 'stage', 'round']), state: 'gathering' })),
);

const newBatch = { state: 'gathering', tried_at: null, remote: null, file: null, lines: 0, tokens: 0 } as const;
const insertBatch = statement((database, p: Parameter<BatchesTable>) =>
  database.insertInto('batches').values({
    ...columnsOf(p, ['id', 'run', 'stage', 'round', 'opened_at', 'last_seen']),
    ...newBatch,
  }),
);

const changeBatch = statement((database, p: Parameter<Selectable<BatchesTable>>) =>
  database
    .updateTable('batches')
    .set(columnsOf(p, ['state', 'file', 'lines', 'tokens']))
    .where('id', '=', p('id')),
);

/** Compare-and-set: returns nothing where another process tried meanwhile. */
const storeAttempt = statement((database, p: Parameter<BatchKey & { triedAt: number | null; now: number }>) =>
  database
    .updateTable('batches')
    .set({ tried_at: p('now') })
    .where('id', '=', p('id'))
    .where('state', '=', 'sealed')
    .where('remote', 'is', null)
    .where('tried_at', 'is not distinct from', p('triedAt'))
    .returning('id'),
);

const storeRemote = statement((database, p: Parameter<BatchKey & { remote: string }>) =>
  database
    .updateTable('batches')
    .set({ remote: p('remote') })
    .where('id', '=', p('id'))
    .where('remote', 'is', null),
);

const renewLeases = statement((database, p: Parameter<RunKey & { now: number }>) =>
  database
    .updateTable('batches')
    .set({ last_seen: p('now') })
    .where('run', '=', p('run')),
);

const openBatchesOfRun = statement((database, p: Parameter<RunKey>) =>
  database
    .selectFrom('batches')
    .selectAll()
    .where('run', '=', p('run'))
    .where('state', '!=', 'closed')
    .orderBy('opened_at')
    .orderBy('id')
    .limit(mostOpen),
);

const linesOfBatch = statement((database, p: Parameter<BatchKey>) =>
  database
    .selectFrom('batch_lines')
    .innerJoin('calls', 'calls.call_id', 'batch_lines.call_id')
    .select(['calls.call_id as callId', 'calls.state', 'calls.session'])
    .where('batch_lines.batch', '=', p('id')),
);

export const gatherBatch: Operation<'gatherBatch'> = async (transaction, { run, stage, round }) => {
  const [known] = await transaction.run(gatheringBatch, { run, stage, round });
  if (known !== undefined) return recordOf(known);
  const { now } = transaction;
  const row = { id: randomUUID(), run, stage, round, opened_at: now, last_seen: now, ...newBatch };
  await transaction.run(insertBatch, row);
  (await transaction.account(run)).log('open-batch', null);
  return recordOf(row);
};

export const sealBatch: Operation<'sealBatch'> = async (transaction, { id, file, lines, tokens }) => {
  const batch = await findBatch(transaction, id);
  const open = await openLines(transaction, id);
  if (batch.state !== 'gathering' || open !== lines)
    throw new Error(`ledger: the batch ${id} is ${batch.state} with ${open} calls, not gathering with ${lines}`);
  await transaction.run(changeBatch, { ...batch, state: 'sealed', file: JSON.stringify(file), lines, tokens });
  (await transaction.account(batch.run)).log('seal-batch', null);
};

export const tryBatch: Operation<'tryBatch'> = async (transaction, { id, triedAt }) => {
  // The time has to advance even where the clock does not.
  const now = Math.max(transaction.now, (triedAt ?? 0) + 1);
  return (await transaction.run(storeAttempt, { id, triedAt, now })).length === 1;
};

export const recordBatch: Operation<'recordBatch'> = async (transaction, created) => {
  await transaction.run(storeRemote, created);
};

const readBatch: Operation<'batch'> = async (transaction, { id }) => recordOf(await findBatch(transaction, id));
export { readBatch as batch };

export const openBatches: Operation<'openBatches'> = async (transaction, { run }) => {
  await transaction.run(renewLeases, { run, now: transaction.now });
  return (await transaction.run(openBatchesOfRun, { run })).map(recordOf);
};

/** A call that this batch gave back and another owner took is no longer a line of it. */
export const batchLines: Operation<'batchLines'> = async (transaction, { id }) => {
  const owner = ownerOf(transaction, id);
  const lines = await transaction.run(linesOfBatch, { id });
  return lines.flatMap(({ callId, state, session }) =>
    state === 'intent' && session !== owner ? [] : [{ callId, state }],
  );
};

export const closeBatch: Operation<'closeBatch'> = async (transaction, { id }) => {
  const batch = await findBatch(transaction, id);
  if (batch.state === 'closed') return;
  const open = await openLines(transaction, id);
  if (open > 0) throw new Error(`ledger: the batch ${id} cannot be closed: ${open} of its calls are open`);
  await transaction.run(changeBatch, { ...batch, state: 'closed' });
  (await transaction.account(batch.run)).log('close-batch', null);
};

async function openLines(transaction: LedgerTransaction, id: string): Promise<number> {
  return (await batchLines(transaction, { id })).filter(({ state }) => state === 'intent').length;
}

function recordOf(row: Selectable<BatchesTable>): BatchRecord {
  const { id, run, stage, round, state, lines, tokens, remote } = row;
  const file = row.file === null ? null : ArtifactRef.parse(JSON.parse(row.file));
  return { id, run, stage, round, state, lines, tokens, remote, file, triedAt: row.tried_at, openedAt: row.opened_at };
}
