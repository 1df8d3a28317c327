/** Assigns the slots of a stage to domains. Planning and closing number the slots in the same order. */
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { QuotaLine, Selected } from '../../contracts/records.ts';
import type { Artifacts } from '../ports/artifacts.ts';

export interface SlotLayout {
  /** Slots of each domain, in slot order: first domains with chosen rows, in the order of choice, then the others. */
  readonly slots: ReadonlyMap<string, number>;
  /** The rows that were chosen, by domain. */
  readonly chosen: ReadonlyMap<string, readonly Selected[]>;
}

/** Without quotas, the drawn rows of a domain are its quota. `selection`: of the stage's first round. */
export async function slotLayout(
  artifacts: Artifacts,
  { quotas, selection }: { readonly quotas: ArtifactRef; readonly selection: ArtifactRef | undefined },
): Promise<SlotLayout> {
  const chosen = new Map<string, Selected[]>();
  if (selection !== undefined) {
    for await (const row of artifacts.readLines(selection, Selected)) {
      const rows = chosen.get(row.domain);
      if (rows === undefined) chosen.set(row.domain, [row]);
      else rows.push(row);
    }
  }
  const slots = new Map([...chosen].map(([domain, rows]) => [domain, rows.length]));
  for await (const { domain, quota } of artifacts.readLines(quotas, QuotaLine)) slots.set(domain, quota);
  return { slots, chosen };
}
