import { priceOf, worstPriceOf } from '../../domain/budget/cost.ts';
import type { Range } from '../../domain/statistics/range.ts';
import type { Pricing } from './pricing.ts';

/**
 * The price of some tokens in micro-USD. Low: the cheapest possible rates, with all input read from the endpoint's cache.
 * High: the most expensive possible rates, with all input written to the cache.
 */
export function moneyOf({ possible, likely }: Pricing, input: Range, output: Range): Range {
  const usage = (level: keyof Range) => ({ inputTokens: input[level], outputTokens: output[level] });
  const least = usage('low');
  return {
    low: Math.min(
      ...possible.flatMap((rates) => [
        priceOf(rates, { ...least, cachedInputTokens: 0 }),
        priceOf(rates, { ...least, cachedInputTokens: input.low }),
      ]),
    ),
    likely: priceOf(likely, { ...usage('likely'), cachedInputTokens: 0 }),
    high: Math.max(...possible.map((rates) => worstPriceOf(rates, usage('high')))),
  };
}
