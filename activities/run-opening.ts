import type { RunSpec } from '../contracts/run/run-file.ts';
import { microUsdOf } from '../domain/budget/cost.ts';
import { plannedCalls } from '../domain/budget/needed-calls.ts';
import type { RunOpening } from './ports/ledger.ts';

/** The ledger record of a new run: its limits in every currency, and the calls its plan needs. */
export function openingOf(spec: RunSpec): RunOpening {
  const { slots, calls, tokens, usd, maxForfeits } = spec.budget;
  return {
    run: spec.name,
    spec,
    calls,
    planned: plannedCalls(spec.switches, slots, spec.stages),
    maxForfeits,
    tokens: tokens ?? null,
    microUsd: usd === undefined ? null : microUsdOf(usd),
  };
}
