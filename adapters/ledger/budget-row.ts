/** Between a row of `runs`, the reducer's state and what the port tells of a budget. */
import type { RunBudget } from '../../activities/ports/ledger.ts';
import type { BudgetState } from '../../domain/budget.ts';
import type { BudgetColumns, RunRow } from './statements.ts';

export function budgetOf(row: RunRow): BudgetState {
  const { slots, charged, open, settled, forfeited, recovered, cached, refused, planned, streak } = row;
  const counts = { slots, charged, open, settled, forfeited, recovered, cached, refused, planned, streak };
  return { ...counts, limit: row.call_limit, maxForfeits: row.max_forfeits };
}

export function budgetColumns(name: string, state: BudgetState): BudgetColumns {
  const { charged, open, settled, forfeited, recovered, cached, refused, planned, streak } = state;
  const counts = { charged, open, settled, forfeited, recovered, cached, refused, planned, streak };
  return { name, call_limit: state.limit, ...counts };
}

export function runBudget({ slots, limit, charged, settled, forfeited }: BudgetState): RunBudget {
  return { slots, limit, charged, settled, forfeited };
}
