/** Which slots of a stage are whose: the one order in which they are numbered when they are planned and when they are closed. */
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { QuotaLine, Selected } from '../../contracts/records.ts';
import type { Artifacts } from '../ports/artifacts.ts';

export interface SlotLayout {
  /** Slots of each domain, in slot order: domains of which rows were chosen, as they were chosen, then the others. */
  readonly slots: ReadonlyMap<string, number>;
  /** The rows that were chosen, by domain. */
  readonly chosen: ReadonlyMap<string, readonly Selected[]>;
}

/** Without quotas, what was drawn is the quota. `selection`: that of the stage's first round. */
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
