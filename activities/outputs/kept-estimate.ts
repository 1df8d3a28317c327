import { RunEstimate } from '../../contracts/run-estimate.ts';
import type { Ledger } from '../ports/ledger.ts';

/** The ledger key of a run's estimate. */
export const estimateKey = (run: string): string => `estimate/${run}`;

/** Null for a run that was started by a version without estimates. */
export async function keptEstimate(ledger: Ledger, run: string): Promise<RunEstimate | null> {
  const key = estimateKey(run);
  const claim = await ledger.claimOnce({ key });
  if (claim.kind === 'created') return RunEstimate.parse(JSON.parse(claim.value));
  await ledger.forgetOnce({ key, value: '' });
  return null;
}
