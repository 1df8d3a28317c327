/** Figures of one run's calls in a worker: counts, rates of the last seconds, latencies of the last answers. */
import type { FlowSnapshot } from '../../contracts/flow/flow.ts';
import { mostReasons } from '../../contracts/payload-limits.ts';
import { openRateMeter } from '../../domain/flow/rate-meter.ts';
import type { Usage } from '../ports/limiter.ts';

const kept = 500;

export interface RunTally {
  answered(answer: Usage & { readonly latencyMs: number }, now: number): void;
  failed(reason: string): void;
  snapshot(now: number, inFlight: number, waiting: number): FlowSnapshot;
}

export function openRunTally(startedAt: number): RunTally {
  const calls = openRateMeter(startedAt);
  const tokens = openRateMeter(startedAt);
  const latencies = new Float64Array(kept);
  const reasons = new Map<string, number>();
  let answered = 0;
  let inputTokens = 0;
  let outputTokens = 0;

  return {
    answered(answer, now) {
      latencies[answered % kept] = answer.latencyMs;
      answered += 1;
      inputTokens += answer.inputTokens ?? 0;
      outputTokens += answer.outputTokens ?? 0;
      calls.count(now);
      tokens.count(now, (answer.inputTokens ?? 0) + (answer.outputTokens ?? 0));
    },
    failed(reason) {
      const known = reasons.has(reason) || reasons.size < mostReasons - 1 ? reason : 'other';
      reasons.set(known, (reasons.get(known) ?? 0) + 1);
    },
    snapshot(now, inFlight, waiting) {
      const sorted = latencies.slice(0, Math.min(answered, kept)).sort();
      return {
        callsPerSecond: calls.perSecond(now),
        tokensPerMinute: tokens.perSecond(now) * 60,
        inFlight,
        waiting,
        answered,
        inputTokens,
        outputTokens,
        p50Ms: percentile(sorted, 0.5),
        p95Ms: percentile(sorted, 0.95),
        failed: Object.fromEntries(reasons),
      };
    },
  };
}

function percentile(sorted: Float64Array, share: number): number | null {
  return sorted.length === 0 ? null : (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null);
}
