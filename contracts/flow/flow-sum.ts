/** What several workers see of one run, taken together. */
import type { FlowLook } from './flow.ts';

/** Null for an empty list. A median of medians is not exact: weighted by what each worker has answered; the 95th is the worst. */
export function sumOfLooks(looks: readonly FlowLook[]): FlowLook | null {
  const [first, ...others] = looks;
  if (first === undefined) return null;
  return others.reduce(
    (sum, look) => ({
      callsPerSecond: sum.callsPerSecond + look.callsPerSecond,
      tokensPerMinute: sum.tokensPerMinute + look.tokensPerMinute,
      inFlight: sum.inFlight + look.inFlight,
      waiting: sum.waiting + look.waiting,
      p50Ms: weighted(sum, look),
      p95Ms: greater(sum.p95Ms, look.p95Ms),
      answered: sum.answered + look.answered,
      inputTokens: sum.inputTokens + look.inputTokens,
      outputTokens: sum.outputTokens + look.outputTokens,
      failed: together(sum.failed, look.failed),
    }),
    first,
  );
}

function weighted(one: FlowLook, other: FlowLook): number | null {
  if (one.p50Ms === null || other.p50Ms === null) return one.p50Ms ?? other.p50Ms;
  return (one.p50Ms * one.answered + other.p50Ms * other.answered) / (one.answered + other.answered);
}

function greater(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function together(one: FlowLook['failed'], other: FlowLook['failed']): FlowLook['failed'] {
  const sum = { ...one };
  for (const [reason, count] of Object.entries(other)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}
