/**
 * The estimate a run starts with, kept in the ledger beside it: the first one stays, so that the report sets beside
 * what came of it what was expected then, and not what is known by now.
 */
import { RunEstimate } from '../../contracts/run-estimate.ts';
import type { RunSpec } from '../../contracts/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { World } from '../ports/world.ts';
import { estimateRun } from './estimate-run.ts';

const keyOf = (run: string): string => `estimate/${run}`;

/** Domains are left out: a kept estimate stays small whatever the data. */
export async function keepEstimate(world: World, spec: RunSpec, prepared: Prepared): Promise<void> {
  const key = keyOf(spec.name);
  const claim = await world.ledger.claimOnce(key);
  if (claim.kind === 'created') return;
  try {
    const estimate = await estimateRun(world, spec, prepared);
    const stages = estimate.stages.map((stage) => ({ ...stage, domains: null }));
    await world.ledger.recordOnce(key, JSON.stringify({ ...estimate, stages }));
  } catch (error) {
    // Another worker need not wait until the claim is old.
    await world.ledger.forgetOnce(key, '');
    throw error;
  }
}

/** Null for a run that another version started. */
export async function keptEstimate(ledger: Ledger, run: string): Promise<RunEstimate | null> {
  const key = keyOf(run);
  const claim = await ledger.claimOnce(key);
  if (claim.kind === 'created') return RunEstimate.parse(JSON.parse(claim.value));
  await ledger.forgetOnce(key, '');
  return null;
}
