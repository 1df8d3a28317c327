/** `ledger verify`: holds ledger, artifacts, workflow and endpoint against each other and says exactly what differs. */
import type { Ledger } from '../../activities/ports/ledger.ts';
import { artifactFindings } from './artifacts.ts';
import { endpointFindings } from './endpoint.ts';
import type { Known, Part } from './part.ts';
import { workflowFindings } from './workflow.ts';

export interface Verification {
  readonly run: string;
  readonly differs: boolean;
  readonly parts: readonly Part[];
}

export async function verifyRun(ledger: Ledger, known: Known): Promise<Verification> {
  const { name: run } = known.record;
  const { counter } = await ledger.identity();
  const parts = [
    { name: 'ledger', looked: `${counter} events`, differences: await ledger.audit({ run }) } as const,
    await artifactFindings(ledger, known),
    await workflowFindings(ledger, known),
    await endpointFindings(ledger, known),
  ];
  return { run, differs: parts.some(({ differences }) => differences.length > 0), parts };
}
