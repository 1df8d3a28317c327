/** What a run will ask for, as far as the counts of its data say it: quotas, and which of them real rows can fill. */
import type { Switches } from '../methods.ts';
import { stageQuotas } from './quotas.ts';
import { stageSlots } from './stage-slots.ts';

/** Slots of one domain in one stage: `real` rows that are there, and what the pool lacks. */
export interface PlannedQuota {
  readonly domain: string;
  readonly quota: number;
  readonly real: number;
  readonly missing: number;
}

export interface PlannedStage {
  readonly stage: number;
  readonly slots: number;
  /** Null where the method has no quotas: rows are drawn or ranked over the whole pool. */
  readonly quotas: readonly PlannedQuota[] | null;
}

export interface StagePolicy {
  readonly switches: Pick<Switches, 'balance' | 'schedule'>;
  /** Rows of each domain in the training pool. */
  readonly counts: Readonly<Record<string, number>>;
  readonly slots: number;
  readonly stages: number;
  readonly seed: number;
}

export function plannedStages({ switches, counts, slots, stages, seed }: StagePolicy): PlannedStage[] {
  const { balance, schedule } = switches;
  const quotas = balance === 'none' ? null : stageQuotas({ balance, schedule, counts, slots, stages, seed });
  const left = new Map(Object.entries(counts));
  return Array.from({ length: stages }, (_, stage) => ({
    stage,
    slots: stageSlots(slots, stages, stage),
    quotas: quotas === null ? null : take(quotas[stage] ?? new Map(), left),
  }));
}

/** Rows that are chosen leave the pool. */
function take(quotas: ReadonlyMap<string, number>, left: Map<string, number>): PlannedQuota[] {
  return [...quotas].map(([domain, quota]) => {
    const available = left.get(domain) ?? 0;
    const real = Math.min(quota, available);
    left.set(domain, available - real);
    return { domain, quota, real, missing: quota - real };
  });
}
