/** `ledger verify`: holds ledger, artifacts, workflow and endpoint against each other and says exactly what differs. */
import type { Ledger, RunRecord } from '../../activities/ports/ledger.ts';
import type { Snapshot } from '../follow.ts';
import { artifactFindings } from './artifacts.ts';
import { endpointFindings } from './endpoint.ts';
import { workflowFindings } from './workflow.ts';

export interface Part {
  readonly name: 'ledger' | 'artifacts' | 'workflow' | 'endpoint';
  /** What was looked at, or why it could not be. */
  readonly looked: string;
  /** One sentence a difference. */
  readonly differences: readonly string[];
}

export interface Verification {
  readonly run: string;
  readonly differs: boolean;
  readonly parts: readonly Part[];
}

export interface Known {
  readonly home: string;
  readonly record: RunRecord;
  /** The run as its workflow tells it; undefined where the engine is not up or has forgotten it. */
  readonly snapshot: Snapshot | undefined;
}

export async function verifyRun(ledger: Ledger, known: Known): Promise<Verification> {
  const { name: run } = known.record;
  const { counter } = await ledger.identity();
  const parts = [
    { name: 'ledger', looked: `${counter} events`, differences: await ledger.audit(run) } as const,
    await artifactFindings(ledger, known),
    await workflowFindings(ledger, known),
    await endpointFindings(ledger, known),
  ];
  return { run, differs: parts.some(({ differences }) => differences.length > 0), parts };
}
