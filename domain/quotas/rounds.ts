import type { Switches } from '../methods.ts';

/** The most rounds of calls a stage may take: the slots, refills, what is reallocated, each verified where asked. */
export function mostRounds({ refill, shortfall, verify }: Switches): number {
  const fills = 1 + refill + (shortfall === 'reallocate' ? 1 : 0);
  return verify === 'teacher' ? 2 * fills : fills;
}
