/** Batches: from the first call that joins to the last one that ends. */
import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { BatchLine, BatchRecord, BatchRound } from '../../../activities/ports/batch-ledger.ts';
import { ArtifactRef } from '../../../contracts/artifact.ts';
import { BaldistillError } from '../../../domain/failures.ts';
import { batchSession } from '../batch-sessions.ts';
import type { BatchesTable } from '../schema/schema-3.ts';
import type { LedgerTransaction } from '../transaction.ts';

/** Batches a run may have open; far above what anybody has. */
const mostOpen = 1000;

export async function gatherBatch(transaction: LedgerTransaction, round: BatchRound): Promise<BatchRecord> {
  const { database, now } = transaction;
  const known = await database
    .selectFrom('batches')
    .selectAll()
    .where('run', '=', round.run)
    .where('stage', '=', round.stage)
    .where('round', '=', round.round)
    .where('state', '=', 'gathering')
    .executeTakeFirst();
  if (known !== undefined) return recordOf(known);
  const fresh = { state: 'gathering', tried_at: null, remote: null, file: null, lines: 0, tokens: 0 } as const;
  const { run, stage, round: of } = round;
  const row = { id: randomUUID(), run, stage, round: of, opened_at: now, last_seen: now, ...fresh };
  await database.insertInto('batches').values(row).execute();
  await transaction.log(run, 'open-batch', null);
  return recordOf(row);
}

/** The call is the batch's from here on. Throws where nothing may join it any more. */
export async function joinBatch(transaction: LedgerTransaction, id: string, callId: string): Promise<void> {
  const { database } = transaction;
  if ((await rowOf(transaction, id)).state !== 'gathering')
    throw new Error(`ledger: the batch ${id} is sealed, and the call ${callId} cannot join it`);
  await database
    .insertInto('batch_lines')
    .values({ batch: id, call_id: callId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function sealBatch(
  transaction: LedgerTransaction,
  { id, file, lines, tokens }: { id: string; file: ArtifactRef; lines: number; tokens: number },
): Promise<null> {
  const row = await rowOf(transaction, id);
  const open = (await batchLines(transaction, { id })).filter(({ state }) => state === 'intent').length;
  if (row.state !== 'gathering' || open !== lines)
    throw new Error(`ledger: the batch ${id} is ${row.state} with ${open} calls, not gathering with ${lines}`);
  await transaction.database
    .updateTable('batches')
    .set({ state: 'sealed', file: JSON.stringify(file), lines, tokens })
    .where('id', '=', id)
    .execute();
  await transaction.log(row.run, 'seal-batch', null);
  return null;
}

/** Compare-and-set; the time moves on even where the clock does not. */
export async function tryBatch(
  { database, now }: LedgerTransaction,
  { id, triedAt }: { id: string; triedAt: number | null },
): Promise<boolean> {
  const moved = await database
    .updateTable('batches')
    .set({ tried_at: Math.max(now, (triedAt ?? 0) + 1) })
    .where('id', '=', id)
    .where('state', '=', 'sealed')
    .where('remote', 'is', null)
    .where('tried_at', triedAt === null ? 'is' : '=', triedAt)
    .returning('id')
    .execute();
  return moved.length === 1;
}

export async function recordBatch(
  { database }: LedgerTransaction,
  { id, remote }: { id: string; remote: string },
): Promise<null> {
  await database.updateTable('batches').set({ remote }).where('id', '=', id).where('remote', 'is', null).execute();
  return null;
}

export async function readBatch(transaction: LedgerTransaction, { id }: { id: string }): Promise<BatchRecord> {
  return recordOf(await rowOf(transaction, id));
}

export async function openBatches(
  { database, now }: LedgerTransaction,
  { run }: { run: string },
): Promise<readonly BatchRecord[]> {
  await database.updateTable('batches').set({ last_seen: now }).where('run', '=', run).execute();
  const rows = await database
    .selectFrom('batches')
    .selectAll()
    .where('run', '=', run)
    .where('state', '!=', 'closed')
    .orderBy('opened_at')
    .orderBy('id')
    .limit(mostOpen)
    .execute();
  return rows.map(recordOf);
}

/** A call that went on elsewhere after this batch gave it back is no line of it any more. */
export async function batchLines(
  { database }: LedgerTransaction,
  { id }: { id: string },
): Promise<readonly BatchLine[]> {
  const rows = await database
    .selectFrom('batch_lines')
    .innerJoin('calls', 'calls.call_id', 'batch_lines.call_id')
    .select(['calls.call_id', 'calls.state', 'calls.session'])
    .where('batch_lines.batch', '=', id)
    .execute();
  return rows.flatMap(({ call_id: callId, state, session }) =>
    state === 'intent' && session !== batchSession(id) ? [] : [{ callId, state }],
  );
}

export async function closeBatch(transaction: LedgerTransaction, { id }: { id: string }): Promise<null> {
  const row = await rowOf(transaction, id);
  if (row.state === 'closed') return null;
  const open = (await batchLines(transaction, { id })).filter(({ state }) => state === 'intent').length;
  if (open > 0) throw new Error(`ledger: the batch ${id} cannot be closed: ${open} of its calls are open`);
  await transaction.database.updateTable('batches').set({ state: 'closed' }).where('id', '=', id).execute();
  await transaction.log(row.run, 'close-batch', null);
  return null;
}

async function rowOf({ database, path }: LedgerTransaction, id: string): Promise<Selectable<BatchesTable>> {
  const row = await database.selectFrom('batches').selectAll().where('id', '=', id).executeTakeFirst();
  if (row !== undefined) return row;
  throw new BaldistillError('LedgerMismatch', `The ledger ${path} does not know the batch ${id}.`);
}

function recordOf(row: Selectable<BatchesTable>): BatchRecord {
  const { id, run, stage, round, state, lines, tokens, remote } = row;
  const file = row.file === null ? null : ArtifactRef.parse(JSON.parse(row.file));
  const times = { triedAt: row.tried_at, openedAt: row.opened_at };
  return { id, run, stage, round, state, lines, tokens, remote, file, ...times };
}
