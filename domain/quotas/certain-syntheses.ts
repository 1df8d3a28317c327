/**
 * Synthetic rows of later stages that are certain before the run begins. In the first stage that lacks rows of a domain,
 * its synthetic rows are numbered from 0 and are shown rows of the whole pool; later ones depend on what was dropped and
 * filled again before them.
 */
import { synthesizes } from '../budget/needed-calls.ts';
import type { Switches } from '../methods.ts';
import type { PlannedStage } from './expected-stages.ts';

export interface CertainSyntheses {
  readonly stage: number;
  readonly domain: string;
  /** Slots of the stage that no real row is there for. */
  readonly slots: readonly number[];
}

type Asking = Pick<Switches, 'balance' | 'tail' | 'shortfall' | 'onMismatch' | 'refill'>;

/** Not where an earlier stage may take more rows of a domain than its quota says. Stage 0 is certain as a whole. */
export function certainSyntheses(switches: Asking, stages: readonly PlannedStage[]): CertainSyntheses[] {
  const refillsRows = switches.onMismatch === 'drop' && switches.refill > 0;
  if (!synthesizes(switches) || switches.shortfall === 'reallocate' || refillsRows) return [];
  const begun = new Set<string>();
  return stages.flatMap((stage) => {
    const numbered = slotsOf(stage);
    const missing = (stage.quotas ?? []).filter((quota) => quota.missing > 0);
    const first = missing.filter(({ domain }) => !begun.has(domain));
    for (const { domain } of missing) begun.add(domain);
    if (stage.stage === 0) return [];
    return first.map(({ domain, real }) => {
      return { stage: stage.stage, domain, slots: (numbered.get(domain) ?? []).slice(real) };
    });
  });
}

/** The slots of a stage's first round: domains that have a row left first, then those that have none. */
function slotsOf({ quotas }: PlannedStage): Map<string, number[]> {
  const all = quotas ?? [];
  let next = 0;
  return new Map(
    [...all.filter(({ real }) => real > 0), ...all.filter(({ real }) => real === 0)].map(({ domain, quota }) => [
      domain,
      Array.from({ length: quota }, () => next++),
    ]),
  );
}
