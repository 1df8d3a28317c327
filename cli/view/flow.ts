/** The flow of calls in words: rates, queues, latencies, and what was refused. */
import type { FlowSnapshot } from '../../contracts/flow/flow.ts';
import type { Snapshot } from '../follow/follow.ts';
import { terminalLine } from '../terminal-text.ts';

/** What the workers say now, else what their last slices said. */
export function flowOf({ flow, stage }: Snapshot): FlowSnapshot | null {
  if (stage?.step !== 'generate') return null;
  return flow ?? stage.flow ?? null;
}

/** Answered calls a second; null before the first, and between two stages. */
export function rateOf(snapshot: Snapshot): number | null {
  return flowOf(snapshot)?.callsPerSecond ?? snapshot.stage?.callsPerSecond ?? null;
}

/** `12 in flight · 488 waiting · p50 210 ms, p95 480 ms · 61,200 tokens/min · resent: 3 rate_limited`. */
export function flowWords(flow: FlowSnapshot): readonly string[] {
  const { inFlight, waiting, p50Ms, p95Ms, tokensPerMinute, failed } = flow;
  const reasons = Object.entries(failed).map(([reason, count]) => `${count} ${terminalLine(reason)}`);
  return [
    `${inFlight} in flight`,
    `${waiting} waiting`,
    ...(p50Ms === null || p95Ms === null ? [] : [`p50 ${Math.round(p50Ms)} ms, p95 ${Math.round(p95Ms)} ms`]),
    `${Math.round(tokensPerMinute).toLocaleString('en')} tokens/min`,
    ...(reasons.length === 0 ? [] : [`no answer: ${reasons.join(', ')}`]),
  ];
}
