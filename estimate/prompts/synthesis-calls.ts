/** The synthesis prompts of a run that can be known before it starts. */
import type { PlannedCall } from '../../contracts/records.ts';
import { synthesizes } from '../../domain/budget/needed-calls.ts';
import type { PlannedQuota } from '../../domain/quotas/expected-stages.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { planShares } from '../../activities/rounds/plan-round.ts';
import { stageBefore } from './certain-calls.ts';
import type { EstimateInput, PlanningWorld } from '../estimation-world.ts';
import type { PlannedRunCosts } from '../run-size.ts';

/** Synthesis prompts that are counted per domain; the others are estimated from them. */
const mostPerDomain = 200;

/** The first syntheses of each domain that lacks rows, assuming no refills; all those of stage 0. */
export async function synthesisCalls(
  world: PlanningWorld,
  { spec, prepared, plan }: EstimateInput,
  output: Output,
): Promise<readonly PlannedCall[]> {
  if (!synthesizes(spec.switches)) return [];
  const missing = new Map<string, number>();
  for (const quota of plan.stages.flatMap(({ quotas }) => quotas ?? []))
    missing.set(quota.domain, (missing.get(quota.domain) ?? 0) + quota.missing);
  const first = new Map(firstMissing(plan).map((quota) => [quota.domain, quota.missing]));
  const shares = [...missing].flatMap(([domain, wanted]) => {
    const counted = Math.max(mostPerDomain, first.get(domain) ?? 0);
    const slots = Array.from({ length: Math.min(wanted, counted) }, (_, index) => index);
    return slots.length === 0 ? [] : [{ domain, slots, rows: [] }];
  });
  if (shares.length === 0) return [];
  const request = { input: stageBefore(spec, prepared, 0), earlier: [] };
  return (await planShares(world, request, { purpose: 'fill', shares, decided: [] }, output)).calls;
}

/** The quotas of stage 0, with the rows that the pool lacks. */
export function firstMissing({ stages }: PlannedRunCosts): readonly PlannedQuota[] {
  return stages.find(({ stage }) => stage === 0)?.quotas ?? [];
}
