/** Prompts of the rows that a run will synthesize, as far as they are known before it. */
import type { PlannedCall } from '../../contracts/records.ts';
import { synthesizes } from '../../domain/budget/needed-calls.ts';
import type { PlannedQuota } from '../../domain/quotas/expected-stages.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { planShares } from '../../activities/rounds/plan-round.ts';
import { stageBefore } from './certain-calls.ts';
import type { KnownOf, PlanningWorld } from '../estimation-world.ts';
import type { PlannedRunCosts } from '../run-size.ts';

/** Sampled synthetic rows of one domain; the others are assumed to be like them. */
const inventionsSeen = 200;

/** The first synthetic rows of each domain that lacks rows, numbered as if nothing were ever filled again; all those of stage 0. */
export async function synthesisCalls(
  world: PlanningWorld,
  { spec, prepared, plan }: KnownOf,
  output: Output,
): Promise<readonly PlannedCall[]> {
  if (!synthesizes(spec.switches)) return [];
  const missing = new Map<string, number>();
  for (const quota of plan.stages.flatMap(({ quotas }) => quotas ?? []))
    missing.set(quota.domain, (missing.get(quota.domain) ?? 0) + quota.missing);
  const first = new Map(firstMissing(plan).map((quota) => [quota.domain, quota.missing]));
  const shares = [...missing].flatMap(([domain, wanted]) => {
    const seen = Math.max(inventionsSeen, first.get(domain) ?? 0);
    const slots = Array.from({ length: Math.min(wanted, seen) }, (_, index) => index);
    return slots.length === 0 ? [] : [{ domain, slots, rows: [] }];
  });
  if (shares.length === 0) return [];
  const request = { input: stageBefore(spec, prepared, 0), earlier: [] };
  return (await planShares(world, request, { purpose: 'fill', shares, decided: [] }, output)).calls;
}

/** What the pool lacks in stage 0. */
export function firstMissing({ stages }: PlannedRunCosts): readonly PlannedQuota[] {
  return stages.find(({ stage }) => stage === 0)?.quotas ?? [];
}
