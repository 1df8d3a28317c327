/**
 * The estimate a run starts with, kept in the ledger beside it: the first one stays, so that the report sets beside
 * what came of it what was expected then, and not what is known by now.
 */
import { estimateKey } from '../activities/outputs/kept-estimate.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import type { Prepared } from '../contracts/stage.ts';
import type { World } from '../activities/ports/world.ts';
import { estimateRun } from './estimate-run.ts';

/** Domains are left out: a kept estimate stays small whatever the data. */
export async function keepEstimate(world: World, spec: RunSpec, prepared: Prepared): Promise<void> {
  const key = estimateKey(spec.name);
  const claim = await world.ledger.claimOnce({ key });
  if (claim.kind === 'created') return;
  try {
    const estimate = await estimateRun(world, spec, prepared);
    const stages = estimate.stages.map((stage) => ({ ...stage, domains: null }));
    await world.ledger.recordOnce({ key, value: JSON.stringify({ ...estimate, stages }) });
  } catch (error) {
    // Another worker need not wait until the claim is old.
    await world.ledger.forgetOnce({ key, value: '' });
    throw error;
  }
}
