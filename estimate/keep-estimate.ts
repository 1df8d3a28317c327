/**
 * Stores the estimate of a run in the ledger when the run starts. The first estimate stays, so that the report compares
 * the result with what was expected at the start.
 */
import { estimateKey } from '../activities/outputs/kept-estimate.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import type { Prepared } from '../contracts/stage.ts';
import type { World } from '../activities/ports/world.ts';
import { estimateRun } from './estimate-run.ts';

/** Domains are left out, so that the stored estimate stays small. */
export async function keepEstimate(world: World, spec: RunSpec, prepared: Prepared): Promise<void> {
  const key = estimateKey(spec.name);
  const claim = await world.ledger.claimOnce({ key });
  if (claim.kind === 'created') return;
  try {
    const estimate = await estimateRun(world, spec, prepared);
    const stages = estimate.stages.map((stage) => ({ ...stage, domains: null }));
    await world.ledger.recordOnce({ key, value: JSON.stringify({ ...estimate, stages }) });
  } catch (error) {
    // Release the claim, so that another worker need not wait for its timeout.
    await world.ledger.forgetOnce({ key, value: '' });
    throw error;
  }
}
