/** Stages as they were closed, so that they can be checked and decided again long after the engine forgot them. */
import type { ClosedStageRecord } from '../thread/protocol.ts';
import type { LedgerTransaction } from '../transaction.ts';

/** The last closing counts: a run that was started again closes its stages again. */
export async function recordStage({ database, now }: LedgerTransaction, record: ClosedStageRecord): Promise<null> {
  const { duplicated, request, closed } = record;
  await database
    .insertInto('stages')
    .values({ ...record, closed_at: now })
    .onConflict((conflict) =>
      conflict.columns(['run', 'stage']).doUpdateSet({ closed_at: now, duplicated, request, closed }),
    )
    .execute();
  return null;
}

export async function readStages(
  { database }: LedgerTransaction,
  { run }: { run: string },
): Promise<readonly ClosedStageRecord[]> {
  return await database
    .selectFrom('stages')
    .select(['run', 'stage', 'duplicated', 'request', 'closed'])
    .where('run', '=', run)
    .orderBy('stage')
    .execute();
}
