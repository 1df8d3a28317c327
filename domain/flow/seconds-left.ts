/** Calls of a budget, as far as the end of a run hangs on them. */
export interface CallsLeft {
  readonly slots: number;
  readonly limit: number;
  readonly charged: number;
}

/** Seconds until the calls still allowed are made at this rate (calls a second); null where it cannot be said. */
export function secondsLeft(rate: number | null, budget: CallsLeft | null): number | null {
  if (rate === null || rate <= 0 || budget === null) return null;
  return Math.max(0, Math.min(budget.slots, budget.limit) - budget.charged) / rate;
}
