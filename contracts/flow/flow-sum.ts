/** What several workers see of one run, taken together. */
import type { FlowSnapshot } from './flow.ts';

/** Null for an empty list. A median of medians is not exact: weighted by what each worker has answered; the 95th is the worst. */
export function sumOfSnapshots(snapshots: readonly FlowSnapshot[]): FlowSnapshot | null {
  const [first, ...others] = snapshots;
  if (first === undefined) return null;
  return others.reduce(
    (sum, snapshot) => ({
      callsPerSecond: sum.callsPerSecond + snapshot.callsPerSecond,
      tokensPerMinute: sum.tokensPerMinute + snapshot.tokensPerMinute,
      inFlight: sum.inFlight + snapshot.inFlight,
      waiting: sum.waiting + snapshot.waiting,
      p50Ms: weighted(sum, snapshot),
      p95Ms: greater(sum.p95Ms, snapshot.p95Ms),
      answered: sum.answered + snapshot.answered,
      inputTokens: sum.inputTokens + snapshot.inputTokens,
      outputTokens: sum.outputTokens + snapshot.outputTokens,
      failed: together(sum.failed, snapshot.failed),
    }),
    first,
  );
}

function weighted(one: FlowSnapshot, other: FlowSnapshot): number | null {
  if (one.p50Ms === null || other.p50Ms === null) return one.p50Ms ?? other.p50Ms;
  return (one.p50Ms * one.answered + other.p50Ms * other.answered) / (one.answered + other.answered);
}

function greater(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function together(one: FlowSnapshot['failed'], other: FlowSnapshot['failed']): FlowSnapshot['failed'] {
  const sum = { ...one };
  for (const [reason, count] of Object.entries(other)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}
