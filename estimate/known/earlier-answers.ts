/**
 * Whether the ledger can have answers to prompts of this plan at all. A key names its model, so only runs of the same
 * model can have paid for one: where none was charged for anything, no prompt has to be written to be looked up.
 */
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { RunRecord } from '../../activities/ports/ledger.ts';
import type { PlanningWorld } from '../estimation-world.ts';

export interface AnsweredBy {
  /** This run itself: a pilot, or the run as it was started before. */
  readonly own: boolean;
  readonly others: boolean;
}

/** `runs`: those of the same model. */
export function answeredBy(runs: readonly RunRecord[], spec: Pick<RunSpec, 'name'>): AnsweredBy {
  const charged = runs.filter((run) => run.charged > 0);
  const own = charged.some(({ name }) => name === spec.name);
  return { own, others: charged.length > (own ? 1 : 0) };
}

/** Runs that ask the same teacher model, this one among them where it was opened. */
export async function sameModel(world: PlanningWorld, spec: RunSpec): Promise<readonly RunRecord[]> {
  const modelOf = ({ teacher, ...rest }: RunSpec): string | null => {
    if (teacher === undefined) return null;
    return 'model' in teacher ? teacher.model : world.teacher({ teacher, ...rest }).model;
  };
  const model = modelOf(spec);
  return ((await world.ledger?.runs()) ?? []).filter((run) => modelOf(run.spec) === model);
}
