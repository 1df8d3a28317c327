/**
 * The tables `calls` (one row per teacher call) and `charges` (what a slot owes for it): who owns an open call, and how
 * calls and charges change together.
 */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { CallKey, IntentRequest, RoundKey, RunKey } from '../../activities/ports/ledger.ts';
import type { BudgetEvent } from '../../domain/budget/budget.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { CallsTable, ChargesTable } from './schema/schema.ts';
import type { BatchesTable } from './schema/schema-3.ts';
import { isRunning } from './sessions.ts';
import { columnsOf, statement } from './transaction.ts';
import type { LedgerTransaction, Parameter, RunAccount } from './transaction.ts';

const callKey = ['call_id', 'content_key', 'reissue'] as const;
const callState = ['state', 'run', 'session', 'intended_at', 'sends', 'reason'] as const;
/** A call without its answer. */
export type CallRow = Pick<Selectable<CallsTable>, (typeof callKey)[number] | (typeof callState)[number]>;

const slotKey = ['run', 'stage', 'round', 'slot', 'attempt'] as const;
const chargeState = ['call_id', 'role', 'state', 'reason', 'final', 'from_plan', 'charged'] as const;
const amounts = ['tokens', 'micro_usd', 'worst_tokens', 'worst_micro_usd'] as const;
export type ChargeRow = Selectable<ChargesTable>;

export const chargesOfSlot = statement((database, p: Parameter<RoundKey & { slot: number }>) =>
  database
    .selectFrom('charges')
    .selectAll()
    .where((row) => row.and(columnsOf(p, ['run', 'stage', 'round', 'slot'])))
    .orderBy('attempt'),
);

export const chargesOfCall = statement((database, p: Parameter<CallKey>) =>
  database.selectFrom('charges').selectAll().where('call_id', '=', p('callId')),
);

export const insertCharge = statement((database, p: Parameter<ChargeRow>) =>
  database.insertInto('charges').values(columnsOf(p, [...slotKey, 'domain', 'kind', ...chargeState, ...amounts])),
);

const changeCharge = statement((database, p: Parameter<ChargeRow>) =>
  database
    .updateTable('charges')
    .set(columnsOf(p, [...chargeState, ...amounts]))
    .where((row) => row.and(columnsOf(p, slotKey))),
);

export const callsOfContent = statement((database, p: Parameter<{ contentKey: string }>) =>
  database
    .selectFrom('calls')
    .select([...callKey, ...callState])
    .where('content_key', '=', p('contentKey'))
    .orderBy('reissue'),
);

const callWithId = statement((database, p: Parameter<CallKey>) =>
  database
    .selectFrom('calls')
    .select([...callKey, ...callState])
    .where('call_id', '=', p('callId')),
);

/** Open calls that the run pays or follows. The literal lets the planner use the partial index `calls_open`. */
export const openCallsOfRun = statement((database, p: Parameter<RunKey>) =>
  database
    .selectFrom('calls')
    .select([...callKey, ...callState])
    .where('state', '=', sql.lit('intent'))
    .where((expression) =>
      expression.exists(
        expression
          .selectFrom('charges')
          .select('charges.slot')
          .whereRef('charges.call_id', '=', 'calls.call_id')
          .where('charges.run', '=', p('run'))
          .where('charges.state', '=', 'open'),
      ),
    ),
);

export const insertCall = statement((database, p: Parameter<CallRow>) =>
  database.insertInto('calls').values(columnsOf(p, [...callKey, ...callState])),
);

/** Compare-and-set: changes and returns nothing where the call is no longer in state `from`. */
const changeCall = statement((database, p: Parameter<CallRow & { from: CallRow['state'] }>) =>
  database
    .updateTable('calls')
    .set(columnsOf(p, callState))
    .where('call_id', '=', p('call_id'))
    .where('state', '=', p('from'))
    .returning('call_id'),
);

const sessionWithId = statement((database, p: Parameter<{ id: string }>) =>
  database.selectFrom('sessions').selectAll().where('id', '=', p('id')),
);

const batchWithId = statement((database, p: Parameter<{ id: string }>) =>
  database.selectFrom('batches').selectAll().where('id', '=', p('id')),
);

/** Throws `LedgerMismatch` for a call that this ledger does not have: it is older than the call. */
export async function findCall(transaction: LedgerTransaction, callId: string): Promise<CallRow> {
  const [call] = await transaction.run(callWithId, { callId });
  if (call !== undefined) return call;
  throw new BaldistillError('LedgerMismatch', `The ledger ${transaction.path} does not know the call ${callId}.`);
}

/** Throws `LedgerMismatch` for a batch that this ledger does not have. */
export async function findBatch(transaction: LedgerTransaction, id: string): Promise<Selectable<BatchesTable>> {
  const [batch] = await transaction.run(batchWithId, { id });
  if (batch !== undefined) return batch;
  throw new BaldistillError('LedgerMismatch', `The ledger ${transaction.path} does not know the batch ${id}.`);
}

/** False where the call is no longer in the state it was read in. */
export async function moveCall(transaction: LedgerTransaction, call: CallRow, to: Partial<CallRow>): Promise<boolean> {
  return (await transaction.run(changeCall, { ...call, ...to, from: call.state })).length === 1;
}

export async function updateCharge(
  transaction: LedgerTransaction,
  row: ChargeRow,
  to: Partial<ChargeRow>,
): Promise<void> {
  await transaction.run(changeCharge, { ...row, ...to });
}

/** What the column `session` of an open call holds for a batch; for a process it is the id of its session. */
const batchPrefix = 'batch:';
/**
 * How long a batch lives after its run last used it: the completion window of 24 hours, the queues before and after it,
 * and a day to spare. It applies to other runs that wait for its calls.
 */
const batchLeaseMs = 72 * 3_600_000;

/** The owner of a call that this process sends, or that a batch carries. */
export function ownerOf({ session }: LedgerTransaction, batch: string | undefined): string {
  return batch === undefined ? session : `${batchPrefix}${batch}`;
}

export function isBatch(owner: string): boolean {
  return owner.startsWith(batchPrefix);
}

/** Whether the owner of an open call will still end it. A call without an owner ('') waits for the next `intend`. */
export async function isAlive(transaction: LedgerTransaction, owner: string): Promise<boolean> {
  const { session, now } = transaction;
  if (owner === '' || owner === session) return owner !== '';
  if (isBatch(owner)) {
    const [batch] = await transaction.run(batchWithId, { id: owner.slice(batchPrefix.length) });
    return batch !== undefined && batch.state !== 'closed' && now - batch.last_seen < batchLeaseMs;
  }
  const [other] = await transaction.run(sessionWithId, { id: owner });
  return other !== undefined && isRunning(other, now);
}

/** A call of the run that is in flight and may give its charge back. */
export async function callInFlight(
  transaction: LedgerTransaction,
  { run, state }: RunAccount,
): Promise<string | undefined> {
  if (state.open === 0) return undefined;
  for (const call of await transaction.run(openCallsOfRun, { run }))
    if (await isAlive(transaction, call.session)) return call.call_id;
  return undefined;
}

/** Whether an idempotent endpoint certainly remembers the call; the calls of a batch were sent without a key. */
export function isRemembered(
  { now }: LedgerTransaction,
  call: CallRow,
  idempotencyTtl: IntentRequest['idempotencyTtl'] | undefined,
): boolean {
  if (idempotencyTtl == null || isBatch(call.session)) return false;
  return now - call.intended_at < (idempotencyTtl * 1000) / 2;
}

/** A charge that was given back leaves its row to the slot's next charge; every other charge keeps its row. */
export function isGivenBack({ state }: Pick<ChargeRow, 'state'>): boolean {
  return state === 'refused' || state === 'released' || state === 'exhausted';
}

/** The call whose answer the slot has: a settled one before a recovered one, then the first. */
export function answeringCharge(rows: readonly Pick<ChargeRow, 'state' | 'call_id'>[]): string | undefined {
  const row = rows.find(({ state }) => state === 'settled') ?? rows.find(({ state }) => state === 'recovered');
  return row?.call_id ?? undefined;
}

/**
 * Ends an open call without an answer. `payerOf` returns how the payer's charge changes. A slot that follows the call gets
 * its reservation and its place in the plan back.
 */
export async function endUnanswered(
  transaction: LedgerTransaction,
  call: CallRow,
  end: { readonly state: 'refused' | 'forfeited'; readonly reason: string },
  payerOf: (row: ChargeRow) => { readonly event: BudgetEvent; readonly change: Partial<ChargeRow> },
): Promise<void> {
  if (!(await moveCall(transaction, call, { ...end, session: '' }))) return;
  for (const row of await transaction.run(chargesOfCall, { callId: call.call_id })) {
    if (row.state !== 'open') continue;
    const account = await transaction.account(row.run);
    if (row.role === 'payer') {
      const { event, change } = payerOf(row);
      account.mustApply(event, event.type, call.call_id);
      await updateCharge(transaction, row, { ...end, ...change });
      continue;
    }
    const replan = row.from_plan === 1;
    const { planned } = account.state;
    if (row.charged === 1) account.mustApply({ type: 'release', replan }, 'release', call.call_id);
    else if (replan) account.mustApply({ type: 'setPlanned', planned: planned + 1 }, 'release', call.call_id);
    await updateCharge(transaction, row, { state: 'released', reason: end.reason, charged: 0, from_plan: 0 });
  }
}

/** Forfeits an open call that no living owner will end: its charge stays. */
export async function forfeitCall(
  transaction: LedgerTransaction,
  call: CallRow,
  { reason, seen }: { readonly reason: string; readonly seen: boolean },
): Promise<void> {
  const payer = { event: { type: 'forfeit', seen }, change: {} } as const;
  await endUnanswered(transaction, call, { state: 'forfeited', reason }, () => payer);
}
