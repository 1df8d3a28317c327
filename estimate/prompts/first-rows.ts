/**
 * The rows that stage 0 will take. They are needed only to look up answers: the cost can be estimated from the counts per
 * domain alone.
 */
import { balance } from '../../activities/rounds/balance.ts';
import { chooseRows } from '../../activities/student/select.ts';
import { stageBefore } from './certain-calls.ts';
import type { EstimateInput, PlanningWorld } from '../estimation-world.ts';

/** The ids of the rows; null if not `wanted`. Throws `InvalidInput` if stage 0 would. */
export async function firstRows(
  world: PlanningWorld,
  { spec, prepared }: Pick<EstimateInput, 'spec' | 'prepared'>,
  wanted: boolean,
): Promise<ReadonlySet<string> | null> {
  if (spec.stages === 0) return wanted ? new Set() : null;
  // With quotas stage 0 can always be filled. Without them `balance` checks the size of the pool, which is cheap.
  if (!wanted && spec.switches.balance !== 'none') return null;
  const input = stageBefore(spec, prepared, 0);
  const balanced = await balance(world.artifacts, input);
  if (!wanted) return null;
  const { chosen } = await chooseRows(world, { input, balanced }, new AbortController().signal);
  return new Set(chosen.map(({ id }) => id));
}
