/** The rows of `charges`: what a slot owes to which call. */
import type { BudgetEvent, BudgetState } from '../../../domain/budget/budget.ts';
import type { IntentRequest } from '../../../activities/ports/ledger.ts';
import type { ChargeRow } from '../statements.ts';
import type { LedgerTransaction } from '../transaction.ts';

/** Applies an event that no rule refuses: one that ends a call. */
export async function mustApply(
  transaction: LedgerTransaction,
  run: string,
  event: BudgetEvent,
  transition: string,
  callId: string,
): Promise<BudgetState> {
  const applied = await transaction.apply(run, event, transition, callId);
  if ('refusal' in applied) throw new Error(`ledger: the budget refuses ${event.type}: ${applied.refusal}`);
  return applied.state;
}

/** The call a follower reserved behind ended without an answer: its reservation and its place in the plan come back. */
export async function endFollower(transaction: LedgerTransaction, row: ChargeRow, reason: string): Promise<void> {
  const replan = row.from_plan === 1;
  const callId = row.call_id ?? '';
  if (row.charged === 1) {
    await mustApply(transaction, row.run, { type: 'release', replan }, 'release', callId);
  } else if (replan) {
    const { planned } = await transaction.budget(row.run);
    await mustApply(transaction, row.run, { type: 'setPlanned', planned: planned + 1 }, 'release', callId);
  }
  await transaction.updateCharge(row, { state: 'released', reason, charged: 0, from_plan: 0 });
}

/** A charge that stays keeps its row for ever; one given back makes room for the next. */
export function isGivenBack({ state }: Pick<ChargeRow, 'state'>): boolean {
  return state === 'refused' || state === 'released' || state === 'exhausted';
}

/** A charge that costs neither tokens nor money. */
export const free = { tokens: 0, micro_usd: 0, worst_tokens: 0, worst_micro_usd: 0 };

export type NewCharge = Pick<
  ChargeRow,
  'call_id' | 'role' | 'state' | 'reason' | 'from_plan' | 'charged' | keyof typeof free
>;

/** Writes what the slot owes now: into its last row where that one was given back, else as a new attempt. */
export async function writeCharge(
  transaction: LedgerTransaction,
  request: IntentRequest,
  rows: readonly ChargeRow[],
  charge: NewCharge,
): Promise<void> {
  const last = rows.at(-1);
  if (last !== undefined && isGivenBack(last)) {
    await transaction.updateCharge(last, charge);
    return;
  }
  const { run, stage, round, slot, domain, kind } = request;
  const row = { run, stage, round, slot, attempt: rows.length, domain, kind, final: 0, ...charge };
  await transaction.statements.insertCharge(transaction.database, row);
}

/** The budget forbids the slot's call: `slots` has to say why it is empty. A more telling reason is kept. */
export async function writeExhausted(
  transaction: LedgerTransaction,
  request: IntentRequest,
  rows: readonly ChargeRow[],
  reason: string,
): Promise<void> {
  const last = rows.at(-1);
  if (last !== undefined && (last.final === 1 || last.state === 'forfeited' || last.state === 'exhausted')) return;
  // The row still names the call that was refused before: should its answer come after all, it is charged here.
  await writeCharge(transaction, request, rows, {
    call_id: last?.call_id ?? null,
    role: last?.role ?? 'payer',
    state: 'exhausted',
    reason,
    from_plan: 0,
    charged: 0,
    ...free,
    worst_tokens: last?.worst_tokens ?? 0,
    worst_micro_usd: last?.worst_micro_usd ?? 0,
  });
}
