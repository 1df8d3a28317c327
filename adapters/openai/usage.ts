/** The usage that an endpoint reports with an answer: as counts of tokens, or, where it cannot be that, as text for people. */
import { z } from 'zod';
import type { PaidAnswer } from '../../activities/ports/ledger.ts';
import { mostTokens } from '../../domain/budget/cost.ts';

/** Tokens of one call. A larger figure is refused: charged, it would make sums that cannot be read back. */
export const TokenCount = z.int().nonnegative().max(mostTokens);

const Usage = z.object({
  prompt_tokens: TokenCount,
  completion_tokens: TokenCount,
  prompt_tokens_details: z.object({ cached_tokens: TokenCount.nullish() }).nullish(),
});
/** Any of these above the limit; what else is wrong with them does not matter then. */
const Figures = z.looseObject({
  prompt_tokens: z.unknown(),
  completion_tokens: z.unknown(),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.unknown() }).nullish().catch(null),
});

/** Longer than any real usage, and short enough for a row of the ledger. */
const longestText = 200;

type Counts = Pick<PaidAnswer, 'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'refusedUsage'>;

/** Token counts are null where the endpoint reports no usage, or one that is no count of tokens. */
export function readUsage(reported: unknown): Counts {
  const unknown = { inputTokens: null, cachedInputTokens: null, outputTokens: null };
  if (reported === undefined || reported === null) return unknown;
  const usage = Usage.safeParse(reported).data;
  if (usage === undefined) {
    const text = (JSON.stringify(reported) ?? typeof reported).slice(0, longestText);
    return { ...unknown, refusedUsage: { text, impossible: isImpossible(reported) } };
  }
  return {
    inputTokens: usage.prompt_tokens,
    cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? null,
    outputTokens: usage.completion_tokens,
  };
}

function isImpossible(reported: unknown): boolean {
  const figures = Figures.safeParse(reported).data;
  if (figures === undefined) return false;
  const { prompt_tokens: input, completion_tokens: output, prompt_tokens_details: details } = figures;
  return [input, output, details?.cached_tokens].some((figure) => typeof figure === 'number' && figure > mostTokens);
}
