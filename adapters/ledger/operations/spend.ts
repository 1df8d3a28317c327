/** Money for something other than teacher calls: fine-tuning and a student's answers. Reserved first, settled later. */
import { randomUUID } from 'node:crypto';
import type { RunKey } from '../../../activities/ports/ledger.ts';
import { BaldistillError } from '../../../domain/failures.ts';
import { callInFlight, isAlive } from '../calls.ts';
import type { Operation } from '../protocol.ts';
import type { SpendingsTable } from '../schema/schema.ts';
import { columnsOf, statement } from '../transaction.ts';
import type { LedgerTransaction, Parameter } from '../transaction.ts';

/** The reason of an entry whose worker died: its job may still go on. */
const workerLost = 'worker_lost';

const newSpending = ['id', 'run', 'kind', 'key', 'session', 'spent_at', 'worst_micro_usd'] as const;
const insertSpending = statement((database, p: Parameter<Pick<SpendingsTable, (typeof newSpending)[number]>>) =>
  database.insertInto('spendings').values({
    ...columnsOf(p, newSpending),
    state: 'open',
    reason: null,
    micro_usd: p('worst_micro_usd'),
    input_tokens: null,
    output_tokens: null,
  }),
);

const spendingWithKey = statement((database, p: Parameter<RunKey & { key: string }>) =>
  database
    .selectFrom('spendings')
    .select('id')
    .where('run', '=', p('run'))
    .where('key', '=', p('key'))
    .where((row) =>
      row.or([
        row('state', 'in', ['open', 'settled']),
        row.and([row('state', '=', 'forfeited'), row('reason', '=', workerLost)]),
      ]),
    )
    .limit(1),
);

const spendingWithId = statement((database, p: Parameter<{ id: string }>) =>
  database.selectFrom('spendings').selectAll().where('id', '=', p('id')),
);

const openSpendings = statement((database, p: Parameter<RunKey>) =>
  database
    .selectFrom('spendings')
    .select(['id', 'key', 'session'])
    .where('run', '=', p('run'))
    .where('state', '=', 'open'),
);

const endColumns = ['state', 'reason', 'micro_usd', 'input_tokens', 'output_tokens'] as const;
const storeEnd = statement((database, p: Parameter<Pick<SpendingsTable, 'id' | (typeof endColumns)[number]>>) =>
  database
    .updateTable('spendings')
    .set({ ...columnsOf(p, endColumns), session: '' })
    .where('id', '=', p('id')),
);

const freeKey = statement((database, p: Parameter<{ id: string }>) =>
  database.updateTable('spendings').set({ key: null }).where('id', '=', p('id')),
);

export const spend: Operation<'spend'> = async (transaction, { run, kind, key, worstMicroUsd }) => {
  await forfeitSpendings(transaction, run);
  const known = key === null ? null : await spendingOf(transaction, { run, key });
  if (known !== null) return { kind: 'charged', id: known };
  const id = randomUUID();
  const account = await transaction.account(run);
  if (account.apply({ type: 'spend', microUsd: worstMicroUsd }, 'spend', id) !== undefined)
    return { kind: (await inFlight(transaction, run)) ? 'wait' : 'exhausted' };
  const { session, now } = transaction;
  await transaction.run(insertSpending, { id, run, kind, key, session, spent_at: now, worst_micro_usd: worstMicroUsd });
  return { kind: 'spend', id };
};

/** An entry that was forfeited with its worker counts: the job may have gone on, and is not charged a second time. */
export const spendingOf: Operation<'spendingOf'> = async (transaction, key) =>
  (await transaction.run(spendingWithKey, key))[0]?.id ?? null;

/**
 * Repeating an end changes no amount. A forfeited entry may still be settled. One whose job turns out to have failed frees
 * its key.
 */
export const endSpending: Operation<'endSpending'> = async (transaction, { id, end }) => {
  const [row] = await transaction.run(spendingWithId, { id });
  if (row === undefined)
    throw new BaldistillError('LedgerMismatch', `The ledger ${transaction.path} does not know the spending ${id}.`);
  if (row.state !== 'open' && !(row.state === 'forfeited' && end.state === 'settled')) {
    // The charge stays. The job has ended without a model, so another job under this key is charged by itself.
    if (end.state === 'forfeited' && end.reason !== workerLost) await transaction.run(freeKey, { id });
    return;
  }
  const cost = end.state === 'settled' ? end.cost : null;
  const actual = end.state === 'refused' ? 0 : (cost?.microUsd ?? row.micro_usd);
  const account = await transaction.account(row.run);
  account.mustApply({ type: 'spent', microUsdChange: actual - row.micro_usd }, `spend-${end.state}`, id);
  if (actual > row.worst_micro_usd) account.log('above-bound', id);
  await transaction.run(storeEnd, {
    id,
    state: end.state,
    reason: end.state === 'settled' ? null : end.reason,
    micro_usd: actual,
    input_tokens: cost?.inputTokens ?? null,
    output_tokens: cost?.outputTokens ?? null,
  });
};

/**
 * Forfeits the entries of dead workers; their charges stay. A job with a key outlives its worker: the next one awaits it,
 * until the run is over.
 */
export async function forfeitSpendings(transaction: LedgerTransaction, run: string, over = false): Promise<void> {
  for (const { id, key, session } of await transaction.run(openSpendings, { run })) {
    if (key === null ? await isAlive(transaction, session) : !over) continue;
    await endSpending(transaction, { id, end: { state: 'forfeited', reason: workerLost } });
  }
}

/** At the limit, something in flight may give money back. A job with a key may take days and is not awaited. */
async function inFlight(transaction: LedgerTransaction, run: string): Promise<boolean> {
  if ((await callInFlight(transaction, await transaction.account(run))) !== undefined) return true;
  for (const { key, session } of await transaction.run(openSpendings, { run }))
    if (key === null && (await isAlive(transaction, session))) return true;
  return false;
}
