/** Money for what is no teacher call: fine-tuning and a student's answers. Charged before, settled after, like a call. */
import { randomUUID } from 'node:crypto';
import type { SpendingEnd, SpendOutcome, SpendRequest } from '../../../activities/ports/ledger.ts';
import { BaldistillError } from '../../../domain/failures.ts';
import type { LedgerTransaction } from '../transaction.ts';
import { mustApply } from './charge.ts';
import { livingCall } from './intend.ts';

/** Why an entry is given up of which nobody knows whether its job goes on. */
const workerLost = 'worker_lost';

export async function spend(transaction: LedgerTransaction, request: SpendRequest): Promise<SpendOutcome> {
  const { database, session, now } = transaction;
  const { run, kind, key, worstMicroUsd } = request;
  await forfeitLost(transaction, run);
  const known = key === null ? null : await spendingOf(transaction, { run, key });
  if (known !== null) return { kind: 'charged', id: known };
  const id = randomUUID();
  const applied = await transaction.apply(run, { type: 'spend', microUsd: worstMicroUsd }, 'spend', id);
  if ('refusal' in applied) return { kind: (await inFlight(transaction, run)) ? 'wait' : 'exhausted' };
  const row = { id, run, kind, key, session, spent_at: now, state: 'open', reason: null } as const;
  const amounts = { micro_usd: worstMicroUsd, worst_micro_usd: worstMicroUsd, input_tokens: null, output_tokens: null };
  await database
    .insertInto('spendings')
    .values({ ...row, ...amounts })
    .execute();
  return { kind: 'spend', id };
}

/**
 * The entry charged under a key: open, settled, or given up with its worker, for the job may have gone on without it and
 * is not charged a second time.
 */
export async function spendingOf(
  { database }: LedgerTransaction,
  { run, key }: { run: string; key: string },
): Promise<string | null> {
  const known = await database
    .selectFrom('spendings')
    .select('id')
    .where('run', '=', run)
    .where('key', '=', key)
    .where((row) =>
      row.or([
        row('state', 'in', ['open', 'settled']),
        row.and([row('state', '=', 'forfeited'), row('reason', '=', workerLost)]),
      ]),
    )
    .executeTakeFirst();
  return known?.id ?? null;
}

/**
 * Repeating an end changes no amount; one that was given up as forfeited may still be settled, and one whose job turns
 * out to have come to nothing lets its key go.
 */
export async function endSpending(
  transaction: LedgerTransaction,
  { id, end }: { id: string; end: SpendingEnd },
): Promise<null> {
  const { database } = transaction;
  const row = await database.selectFrom('spendings').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) {
    throw new BaldistillError('LedgerMismatch', `The ledger ${transaction.path} does not know the spending ${id}.`);
  }
  if (row.state !== 'open' && !(row.state === 'forfeited' && end.state === 'settled')) {
    // What was charged stays. The job is known to be over without a model: another under this key is charged by itself.
    if (end.state === 'forfeited' && end.reason !== workerLost)
      await database.updateTable('spendings').set({ key: null }).where('id', '=', id).execute();
    return null;
  }
  const cost = end.state === 'settled' ? end.cost : null;
  const actual = end.state === 'refused' ? 0 : (cost?.microUsd ?? row.micro_usd);
  const change = { type: 'spent', microUsdChange: actual - row.micro_usd } as const;
  await mustApply(transaction, row.run, change, `spend-${end.state}`, id);
  if (actual > row.worst_micro_usd) await transaction.log(row.run, 'above-bound', id);
  await database
    .updateTable('spendings')
    .set({
      state: end.state,
      session: '',
      reason: end.state === 'settled' ? null : end.reason,
      micro_usd: actual,
      input_tokens: cost?.inputTokens ?? null,
      output_tokens: cost?.outputTokens ?? null,
    })
    .where('id', '=', id)
    .execute();
  return null;
}

/**
 * Spending of a worker that is gone stays charged. A job that has a key is still awaited by whoever comes next, until
 * the run is over.
 */
export async function forfeitLost(transaction: LedgerTransaction, run: string, over = false): Promise<void> {
  const open = await transaction.database
    .selectFrom('spendings')
    .select(['id', 'key', 'session'])
    .where('run', '=', run)
    .where('state', '=', 'open')
    .execute();
  for (const { id, key, session } of open) {
    if (key === null ? await transaction.alive(session) : !over) continue;
    await endSpending(transaction, { id, end: { state: 'forfeited', reason: workerLost } });
  }
}

/** At the limit, what is in flight may give money back. */
async function inFlight(transaction: LedgerTransaction, run: string): Promise<boolean> {
  const { open } = await transaction.budget(run);
  if ((await livingCall(transaction, run, open)) !== undefined) return true;
  const spendings = await transaction.database
    .selectFrom('spendings')
    .select('session')
    .where('run', '=', run)
    .where('state', '=', 'open')
    .where('key', 'is', null)
    .execute();
  for (const { session } of spendings) if (await transaction.alive(session)) return true;
  return false;
}
