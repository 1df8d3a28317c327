/** The student's work in a plan: the examples of every stage and their lengths. */
import type { DomainTable } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { plannedFilling } from '../../domain/budget/needed-calls.ts';
import { sumOf } from '../../domain/statistics/range.ts';
import type { Range } from '../../domain/statistics/range.ts';
import type { StudentWork } from './estimate-student.ts';
import type { PlannedRunCosts } from '../run-size.ts';

/** Tokens of an answer without a rationale, and of the answer line after a rationale. */
const answerOnly: Range = { low: 4, likely: 8, high: 16 };
const answerLine: Range = { low: 0, likely: 0, high: 8 };

export interface StudentPlan {
  readonly spec: RunSpec;
  readonly plan: PlannedRunCosts;
  readonly table: DomainTable;
  /** Mean tokens of a student prompt. */
  readonly prompt: number;
  /** Tokens of a rationale. */
  readonly rationale: Range;
}

export function studentWork({ spec, plan, table, prompt, rationale }: StudentPlan): StudentWork {
  let moved = plan.real - plan.stages.reduce((sum, { quotas, slots }) => sum + ownRows(quotas, slots), 0);
  const examples = plan.stages.map(({ quotas, slots }) => {
    const own = ownRows(quotas, slots);
    const filling = plannedFilling(spec.switches, { slots, missing: slots - own, rows: own + moved });
    moved -= filling.real - own;
    return slots - filling.empty;
  });
  const target = spec.switches.rationale === 'none' ? answerOnly : sumOf([rationale, answerLine]);
  return { spec, stages: plan.stages, table, prompt, target, examples };
}

/** Slots of a stage that are filled with rows of their own domain. */
function ownRows(quotas: readonly { readonly real: number }[] | null, slots: number): number {
  return quotas === null ? slots : quotas.reduce((sum, { real }) => sum + real, 0);
}
