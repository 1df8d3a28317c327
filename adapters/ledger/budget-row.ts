/** Between a row of `runs`, the reducer's state and what the port tells of a budget. */
import type { RunBudget } from '../../activities/ports/ledger.ts';
import type { BudgetState } from '../../domain/budget/budget.ts';
import type { BudgetColumns, RunRow } from './statements.ts';

export function budgetOf(row: RunRow): BudgetState {
  const { slots, charged, open, settled, forfeited, recovered, cached, refused, planned, streak, tokens } = row;
  const counts = { slots, charged, open, settled, forfeited, recovered, cached, refused, planned, streak, tokens };
  return {
    ...counts,
    limit: row.call_limit,
    maxForfeits: row.max_forfeits,
    tokenLimit: row.token_limit,
    microUsd: row.micro_usd,
    microUsdLimit: row.micro_usd_limit,
  };
}

export function budgetColumns(name: string, state: BudgetState): BudgetColumns {
  const { charged, open, settled, forfeited, recovered, cached, refused, planned, streak } = state;
  const counts = { charged, open, settled, forfeited, recovered, cached, refused, planned, streak };
  return { name, ...counts, ...limitColumns(state) };
}

/** The three currencies and their limits, as every event shows them. */
export function limitColumns(state: BudgetState) {
  return {
    charged: state.charged,
    call_limit: state.limit,
    tokens: state.tokens,
    token_limit: state.tokenLimit,
    micro_usd: state.microUsd,
    micro_usd_limit: state.microUsdLimit,
  };
}

export function runBudget(state: BudgetState): RunBudget {
  const { slots, limit, charged, settled, forfeited } = state;
  return {
    slots,
    limit,
    charged,
    settled,
    forfeited,
    tokens: { charged: state.tokens, limit: state.tokenLimit },
    microUsd: { charged: state.microUsd, limit: state.microUsdLimit },
  };
}
