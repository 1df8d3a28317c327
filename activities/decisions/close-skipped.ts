/** Closes a stage that was skipped before its first call: no slot is used and no row leaves the pool. */
import type { ClosedStage, CloseStageInput } from '../../contracts/activity-messages.ts';
import { listedName, mostListed } from '../../contracts/payload-limits.ts';
import { QuotaLine } from '../../contracts/records.ts';
import type { DomainOutcome } from '../../contracts/records.ts';
import { stageSlots } from '../../domain/quotas/stage-slots.ts';
import type { Artifacts } from '../ports/artifacts.ts';

type Skipped = Omit<ClosedStage, 'training' | 'budget' | 'ledger'>;

export async function closeSkipped(artifacts: Artifacts, { input, balanced }: CloseStageInput): Promise<Skipped> {
  const { spec, stage, history } = input;
  const empty = await artifacts.writeLines([]);
  const quotas: QuotaLine[] = [];
  if (balanced !== null) for await (const line of artifacts.readLines(balanced.quotas, QuotaLine)) quotas.push(line);
  const outcomes = quotas.map(({ domain, quota }): DomainOutcome => {
    const unfilled: Record<string, number> = quota === 0 ? {} : { skipped: quota };
    return { domain, quota, real: 0, synthetic: 0, duplicated: 0, unfilled, dropped: {} };
  });
  const slots = balanced?.slots ?? stageSlots(spec.budget.slots, spec.stages, stage);
  return {
    quotas: balanced?.quotas ?? empty,
    selection: empty,
    ordinals: history.at(-1)?.ordinals ?? (await artifacts.writeJson({})),
    examples: empty,
    outcomes: await artifacts.writeLines(outcomes),
    counts: { slots, real: 0, synthetic: 0, duplicated: 0, unfilled: slots, dropped: 0 },
    domains: outcomes
      .slice(0, mostListed)
      .map(({ domain, quota }) => ({ domain: listedName(domain), quota, real: 0, synthetic: 0 })),
  };
}
