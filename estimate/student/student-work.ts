/** What a plan gives its student to do: examples of every stage, and how long they are. */
import type { DomainTable } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { plannedFilling } from '../../domain/budget/needed-calls.ts';
import { sumOf } from '../../domain/statistics/range.ts';
import type { Range } from '../../domain/statistics/range.ts';
import type { StudentWork } from './estimate-student.ts';
import type { PlannedRunCosts } from '../run-size.ts';

/** Tokens of an answer alone, and what an answer adds to its rationale. */
const bare: Range = { low: 4, likely: 8, high: 16 };
const closing: Range = { low: 0, likely: 0, high: 8 };

export interface StudiedPlan {
  readonly spec: RunSpec;
  readonly plan: PlannedRunCosts;
  readonly table: DomainTable;
  /** Mean tokens of what the student is asked. */
  readonly prompt: number;
  /** Tokens of a rationale. */
  readonly rationale: Range;
}

export function studentWork({ spec, plan, table, prompt, rationale }: StudiedPlan): StudentWork {
  let moved = plan.real - plan.stages.reduce((sum, { quotas, slots }) => sum + ownOf(quotas, slots), 0);
  const examples = plan.stages.map(({ quotas, slots }) => {
    const own = ownOf(quotas, slots);
    const filling = plannedFilling(spec.switches, { slots, missing: slots - own, rows: own + moved });
    moved -= filling.real - own;
    return slots - filling.empty;
  });
  const target = spec.switches.rationale === 'none' ? bare : sumOf([rationale, closing]);
  return { spec, stages: plan.stages, table, prompt, target, examples };
}

/** Slots of a stage that rows of their own domain fill. */
function ownOf(quotas: readonly { readonly real: number }[] | null, slots: number): number {
  return quotas === null ? slots : quotas.reduce((sum, { real }) => sum + real, 0);
}
