import { limitNames } from './rate-limits.ts';
import type { LimitName, RateLimits } from './rate-limits.ts';

/** Seconds that this work takes at the endpoint's limits, by the tightest one; 0 where none is set. */
export function secondsAtLimits(
  limits: RateLimits,
  { calls, input, output }: { readonly calls: number; readonly input: number; readonly output: number },
): number {
  const work: Readonly<Record<LimitName, number>> = {
    requestsPerMinute: calls,
    tokensPerMinute: input + output,
    inputTokensPerMinute: input,
    outputTokensPerMinute: output,
  };
  return Math.max(0, ...limitNames.map((name) => (60 * work[name]) / (limits[name] ?? Infinity)));
}
