/**
 * The rows that stage 0 takes, exactly as the run will take them. Only who looks for answers has to know them: what
 * they come to is as well known from how many of each domain there will be.
 */
import { balance } from '../../activities/rounds/balance.ts';
import { chooseRows } from '../../activities/student/select.ts';
import { stageBefore } from './certain-calls.ts';
import type { KnownOf, PlanningWorld } from '../estimation-world.ts';

/** Ids by row; null where not needed. Throws `InvalidInput` where stage 0 would. */
export async function firstRows(
  world: PlanningWorld,
  { spec, prepared }: Pick<KnownOf, 'spec' | 'prepared'>,
  wanted: boolean,
): Promise<ReadonlySet<string> | null> {
  if (spec.stages === 0) return wanted ? new Set() : null;
  // Without quotas this looks at no row; with them stage 0 can always be filled.
  if (!wanted && spec.switches.balance !== 'none') return null;
  const input = stageBefore(spec, prepared, 0);
  const balanced = await balance(world.artifacts, input);
  if (!wanted) return null;
  const { chosen } = await chooseRows(world, { input, balanced }, new AbortController().signal);
  return new Set(chosen.map(({ id }) => id));
}
