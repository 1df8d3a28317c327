/** Taking a ledger for a run that another one, or a later state of this one, was charged for. */
import type { Charged, LedgerIdentity, RunBudget } from '../../../activities/ports/ledger.ts';
import { costDifference } from '../../../domain/budget/cost.ts';
import { runBudget } from '../budget-row.ts';
import type { LedgerTransaction } from '../transaction.ts';
import { identity } from './identity.ts';

/** Stage of the entries that stand for charges this ledger never saw. */
const adoptedStage = -1;

export async function adopt(
  transaction: LedgerTransaction,
  { run, charged }: { run: string; charged: Charged },
): Promise<{ accepted: boolean; budget: RunBudget; ledger: LedgerIdentity }> {
  const before = await transaction.budget(run);
  const applied = await transaction.apply(run, { type: 'adopt', ...charged }, 'adopt', null);
  const { state } = applied;
  const missing = state.charged - before.charged;
  const cost = costDifference(state, before);
  if (missing > 0 || cost.tokens > 0 || cost.microUsd > 0) {
    const slotKey = { run, stage: adoptedStage, round: 0, slot: 0 };
    const earlier = await transaction.statements.chargesOfSlot(transaction.database, slotKey);
    await transaction.statements.insertCharge(transaction.database, {
      ...slotKey,
      attempt: earlier.length,
      call_id: null,
      domain: '(adopted)',
      kind: 'adopted',
      role: 'payer',
      state: 'forfeited',
      reason: 'adopted',
      final: 0,
      from_plan: 0,
      charged: missing,
      tokens: cost.tokens,
      micro_usd: cost.microUsd,
      worst_tokens: cost.tokens,
      worst_micro_usd: cost.microUsd,
    });
  }
  return {
    accepted: !('refusal' in applied),
    budget: runBudget(state),
    ledger: await identity(transaction),
  };
}
