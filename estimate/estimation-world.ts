/** The input of an estimate: the ports it uses, and the run. */
import type { RunSpec } from '../contracts/run/run-file.ts';
import type { Prepared } from '../contracts/stage.ts';
import type { Ledger } from '../activities/ports/ledger.ts';
import type { Teacher } from '../activities/ports/teacher.ts';
import type { World } from '../activities/ports/world.ts';
import type { PlannedRunCosts } from './run-size.ts';

/** `ledger` null: there is none yet, so nothing is known about any model. */
export interface PlanningWorld extends Pick<World, 'artifacts' | 'student'> {
  readonly ledger: Pick<Ledger, 'knownAnswers' | 'answerUsage' | 'runs'> | null;
  teacher(spec: RunSpec): Pick<Teacher, 'model' | 'maxTokens' | 'content'>;
}

export interface EstimateInput {
  readonly spec: RunSpec;
  readonly prepared: Prepared;
  readonly teacher: Pick<Teacher, 'model' | 'maxTokens' | 'content'> | null;
  readonly plan: PlannedRunCosts;
}
