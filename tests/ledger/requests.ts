/** Requests of a slot, also for the other process (other-process.ts). */
import type { IntentRequest } from '../../activities/ports/ledger.ts';

export function requestFor(run: string, slot: number, change: Partial<IntentRequest> = {}): IntentRequest {
  return {
    run,
    stage: 0,
    round: 0,
    slot,
    domain: `domain-${slot % 2}`,
    kind: 'annotate',
    contentKey: `content-${slot}`,
    planned: true,
    cached: 'count',
    idempotencyTtl: null,
    worst: { tokens: 100, microUsd: 50 },
    ...change,
  };
}
