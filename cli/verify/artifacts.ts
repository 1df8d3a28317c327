/** Every artifact a run's closed stages refer to: there, as long as it should be, and with the bytes its name says. */
import { join } from 'node:path';
import type { Ledger } from '../../activities/ports/ledger.ts';
import { artifactTrouble } from '../../adapters/artifacts/check-artifact.ts';
import { ArtifactRef } from '../../contracts/artifact.ts';
import type { Known, Part } from './part.ts';

export async function artifactFindings(ledger: Ledger, { home, record }: Known): Promise<Part> {
  const references = new Map<string, { reference: ArtifactRef; stage: number }>();
  const stages = await ledger.closedStages({ run: record.name });
  for (const { stage, request, closed } of stages) {
    for (const text of [request, closed])
      collect(JSON.parse(text), (reference) => {
        if (!references.has(reference.sha256)) references.set(reference.sha256, { reference, stage });
      });
  }
  const differences: string[] = [];
  for (const { reference, stage } of references.values()) {
    const trouble = await artifactTrouble(join(home, 'artifacts'), reference);
    if (trouble !== null) differences.push(`an artifact of stage ${stage}: ${trouble}`);
  }
  return { name: 'artifacts', looked: `${references.size} artifacts of ${stages.length} closed stages`, differences };
}

function collect(value: unknown, found: (reference: ArtifactRef) => void): void {
  const reference = ArtifactRef.safeParse(value).data;
  if (reference !== undefined) return found(reference);
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) collect(inner, found);
}
