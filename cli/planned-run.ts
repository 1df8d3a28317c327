/** What a run would ask of its teacher, before it asks: the first form of `plan` (quotas, slots, calls). */
import type { RunSpec } from '../contracts/run-file.ts';
import { invents } from '../domain/planned-calls.ts';
import { plannedStages } from '../domain/planned-stages.ts';
import type { PlannedStage } from '../domain/planned-stages.ts';

export interface PlannedRunCosts {
  readonly run: string;
  readonly method: string;
  readonly slots: number;
  readonly stages: readonly PlannedStage[];
  /** Slots for real rows, for rows to be invented, and for repeated ones, which cost no call. */
  readonly real: number;
  readonly synthetic: number;
  readonly repeated: number;
  /** Teacher calls that the plan needs, and the most that may be charged. */
  readonly calls: number;
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
  const real = stages.reduce((sum, stage) => sum + stage.slots, 0) - missing;
  const synthetic = invents(switches) ? missing : 0;
  const calls = (switches.rationale === 'teacher' ? real : 0) + synthetic * (switches.verify === 'teacher' ? 2 : 1);
  return { run, method, slots, stages, real, synthetic, repeated: missing - synthetic, calls, callLimit };
}
