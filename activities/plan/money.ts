import { priceOf, worstPriceOf } from '../../domain/cost.ts';
import type { Rates } from '../../domain/cost.ts';
import type { Range } from '../../domain/range.ts';

/** Micro-USD of so many tokens: at the least all input is read from the endpoint's cache, at the most all is written to it. */
export function moneyOf(rates: Rates, input: Range, output: Range): Range {
  const usage = (level: keyof Range) => ({ inputTokens: input[level], outputTokens: output[level] });
  const least = usage('low');
  return {
    low: Math.min(
      priceOf(rates, { ...least, cachedInputTokens: 0 }),
      priceOf(rates, { ...least, cachedInputTokens: input.low }),
    ),
    likely: priceOf(rates, { ...usage('likely'), cachedInputTokens: 0 }),
    high: worstPriceOf(rates, usage('high')),
  };
}
