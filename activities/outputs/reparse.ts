/** Today's parser over answers that were paid for and could not be used: free, and what is good now is marked so. */
import { z } from 'zod';
import { CloseStageInput } from '../../contracts/activity-messages.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Ledger } from '../ports/ledger.ts';
import { stageDecisions } from '../decisions/stage-decisions.ts';
import { tally } from '../decisions/tally.ts';

export interface Reparsed {
  readonly stage: number;
  /** Calls of this stage that were marked, by the reason they had; and of these, those that are good now. */
  readonly before: Readonly<Record<string, number>>;
  readonly good: Readonly<Record<string, number>>;
  /** Marked now, by reason. */
  readonly after: Readonly<Record<string, number>>;
}

/**
 * Decides every slot of the run's closed stages again, without a call, and marks the answers as they are judged now.
 * A run over the same content reads the same answers, so it uses what is good. Throws `ArtifactMissing`.
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
