/** The size of a run before it starts: quotas, slots and calls. */
import type { RunSpec } from '../contracts/run/run-file.ts';
import { plannedFilling } from '../domain/budget/needed-calls.ts';
import type { PlannedFilling } from '../domain/budget/needed-calls.ts';
import { plannedStages } from '../domain/quotas/expected-stages.ts';
import type { PlannedStage } from '../domain/quotas/expected-stages.ts';

/** `calls`: the calls that the plan needs. `callLimit`: the most calls that may be charged. */
export interface PlannedRunCosts extends PlannedFilling {
  readonly run: string;
  readonly method: string;
  readonly slots: number;
  readonly stages: readonly PlannedStage[];
  readonly callLimit: number;
}

/** `counts`: rows of each domain in the training pool. */
export function plannedRun(spec: RunSpec, counts: Readonly<Record<string, number>>): PlannedRunCosts {
  const { name: run, method, switches, budget, seed } = spec;
  const { slots, calls: callLimit } = budget;
  const stages = plannedStages({ switches, counts, slots, stages: spec.stages, seed });
  const missing = stages.reduce(
    (sum, { quotas }) => sum + (quotas ?? []).reduce((part, quota) => part + quota.missing, 0),
    0,
  );
  const planned = stages.reduce((sum, stage) => sum + stage.slots, 0);
  const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const filling = plannedFilling(switches, { slots: planned, missing, rows });
  return { run, method, slots, stages, ...filling, callLimit };
}
