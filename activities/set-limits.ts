import type { BudgetCopy, BudgetRequest } from '../contracts/progress.ts';
import type { RunSpec } from '../contracts/run-file.ts';
import { microUsdOf } from '../domain/cost.ts';
import { openInLedger, requirePrices } from './connect.ts';
import type { World } from './ports/world.ts';

/** New limits of a run. Throws `InvalidInput` for one in money where a price is not known. */
export async function setLimits(
  world: World,
  spec: RunSpec,
  { calls, tokens, usd }: BudgetRequest,
): Promise<{ accepted: boolean; budget: BudgetCopy }> {
  if (usd !== undefined) requirePrices(spec);
  // A run that is parked before it could open its ledger has a budget all the same.
  await openInLedger(world, spec);
  return await world.ledger.setLimits(spec.name, {
    calls,
    tokens,
    microUsd: usd === undefined ? undefined : microUsdOf(usd),
  });
}
