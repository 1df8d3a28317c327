/** Parses the paid answers of a run again with the current parser, free of charge, and marks them as usable or not. */
import { z } from 'zod';
import { CloseStageInput } from '../../contracts/activity-messages.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Ledger } from '../ports/ledger.ts';
import { stageDecisions } from '../decisions/stage-decisions.ts';
import { tally } from '../decisions/tally.ts';

export interface Reparsed {
  readonly stage: number;
  /** Calls of this stage that were unusable before, by reason; `good`: those of them that are usable now. */
  readonly before: Readonly<Record<string, number>>;
  readonly good: Readonly<Record<string, number>>;
  /** Calls that are unusable now, by reason. */
  readonly after: Readonly<Record<string, number>>;
}

/**
 * Decides every slot of the run's closed stages again, without a call, and updates the marks of the answers. A later run
 * with the same calls uses the answers that are usable now. Throws `ArtifactMissing`.
 */
export async function reparse(
  world: { readonly artifacts: Artifacts; readonly ledger: Ledger },
  run: string,
): Promise<readonly Reparsed[]> {
  const entries = await world.ledger.entries({ run });
  const result: Reparsed[] = [];
  for (const { stage, request } of await world.ledger.closedStages({ run })) {
    const parsed = Stored.safeParse(request);
    if (!parsed.success)
      throw new BaldistillError('LedgerUnavailable', `Stage ${stage} of ${run} was closed by another version.`);
    const { input, plans } = parsed.data;
    const { flawed } = await stageDecisions(world, input, plans);
    const now = new Map(flawed.map(({ callId, reason }) => [callId, reason]));
    const marked = new Map<string, string>();
    for (const { stage: of, callId, unusable } of entries)
      if (of === stage && callId !== null && unusable !== null) marked.set(callId, unusable);
    const good = [...marked].filter(([callId]) => !now.has(callId));
    await world.ledger.markUnusable({ marks: [...now].map(([callId, reason]) => ({ callId, reason })) });
    await world.ledger.markUsable({ callIds: good.map(([callId]) => callId) });
    result.push({
      stage,
      before: tally([...marked.values()]),
      good: tally(good.map(([, reason]) => reason)),
      after: tally([...now.values()]),
    });
  }
  return result;
}

const Stored = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(CloseStageInput);
