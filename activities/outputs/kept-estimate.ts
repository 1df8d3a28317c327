import { RunEstimate } from '../../contracts/run-estimate.ts';
import type { Ledger } from '../ports/ledger.ts';

/** Where the ledger keeps the estimate of a run. */
export const estimateKey = (run: string): string => `estimate/${run}`;

/** Null for a run that another version started. */
export async function keptEstimate(ledger: Ledger, run: string): Promise<RunEstimate | null> {
  const key = estimateKey(run);
  const claim = await ledger.claimOnce({ key });
  if (claim.kind === 'created') return RunEstimate.parse(JSON.parse(claim.value));
  await ledger.forgetOnce({ key, value: '' });
  return null;
}
