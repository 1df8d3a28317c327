/**
 * Whether the ledger can have answers to prompts of this plan. A call key contains the model, so only runs of the same
 * model can have paid for one. If none of them was charged, no prompt needs to be looked up.
 */
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { RunRecord } from '../../activities/ports/ledger.ts';
import type { PlanningWorld } from '../estimation-world.ts';

export interface PaidBy {
  /** This run itself: in a pilot or an earlier start. */
  readonly own: boolean;
  readonly others: boolean;
}

/** `runs`: the runs with the same model. */
export function paidBy(runs: readonly RunRecord[], spec: Pick<RunSpec, 'name'>): PaidBy {
  const charged = runs.filter((run) => run.charged > 0);
  const own = charged.some(({ name }) => name === spec.name);
  return { own, others: charged.length > (own ? 1 : 0) };
}

/** Runs with the same teacher model, including this one if it is in the ledger. */
export async function sameModel(world: PlanningWorld, spec: RunSpec): Promise<readonly RunRecord[]> {
  const modelOf = ({ teacher, ...rest }: RunSpec): string | null => {
    if (teacher === undefined) return null;
    return 'model' in teacher ? teacher.model : world.teacher({ teacher, ...rest }).model;
  };
  const model = modelOf(spec);
  return ((await world.ledger?.runs()) ?? []).filter((run) => modelOf(run.spec) === model);
}
