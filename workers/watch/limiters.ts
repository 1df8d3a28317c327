/** The limiters of a worker, one an endpoint, kept for its life: what was learned of an endpoint outlives a slice. */
import { createLimiter } from '../../activities/calls/limiter.ts';
import type { Limiter } from '../../activities/ports/limiter.ts';
import type { EndpointSnapshot } from '../../contracts/flow/flow.ts';

export interface Limiters {
  /** `endpoint`: address and model, for people too. */
  of(endpoint: string): Limiter;
  snapshots(runs: 'busy' | 'all'): readonly EndpointSnapshot[];
  /** Divides the limits of each endpoint among this many workers. */
  divide(workers: (endpoint: string) => number): void;
}

export function openLimiters(): Limiters {
  const known = new Map<string, Limiter>();
  return {
    of(endpoint) {
      const limiter = known.get(endpoint) ?? createLimiter(endpoint);
      known.set(endpoint, limiter);
      return limiter;
    },
    snapshots: (runs) => [...known.values()].map((limiter) => limiter.snapshot(runs)),
    divide(workers) {
      for (const [endpoint, limiter] of known) limiter.divide(workers(endpoint));
    },
  };
}
