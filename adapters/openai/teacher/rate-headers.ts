/** Rate limits in OpenAI's headers, which gateways repeat: `x-ratelimit-{limit,remaining,reset}-*`. */
import type { ReportedLimits } from '../../../domain/flow/flow.ts';
import { durationMs } from '../../../domain/flow/go-duration.ts';
import type { LimitName, RateLimits } from '../../../domain/flow/rate-limits.ts';

const kinds: readonly (readonly [kind: string, name: LimitName])[] = [
  ['requests', 'requestsPerMinute'],
  ['tokens', 'tokensPerMinute'],
  ['input-tokens', 'inputTokensPerMinute'],
  ['output-tokens', 'outputTokensPerMinute'],
];

/**
 * Null where the headers say nothing of limits. Some hosts send daily limits, which are read as a
 * limit a minute: far too high, so it delays no call.
 */
export function rateLimitsOf(headers: Headers | undefined): ReportedLimits | null {
  if (headers === undefined) return null;
  const limits: Partial<Record<LimitName, number>> = {};
  const remaining: Partial<Record<LimitName, number>> = {};
  let resetMs: number | null = null;
  for (const [kind, name] of kinds) {
    const limit = count(headers.get(`x-ratelimit-limit-${kind}`));
    if (limit === null || limit === 0) continue;
    limits[name] = limit;
    const left = count(headers.get(`x-ratelimit-remaining-${kind}`));
    if (left !== null) remaining[name] = left;
    const reset = durationMs(headers.get(`x-ratelimit-reset-${kind}`) ?? '');
    if (left === 0 && reset !== null) resetMs = Math.max(resetMs ?? 0, reset);
  }
  const limitsReported: ReportedLimits = { limits: limits satisfies RateLimits, remaining, resetMs };
  return Object.keys(limits).length === 0 ? null : limitsReported;
}

function count(text: string | null): number | null {
  return text !== null && /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : null;
}
