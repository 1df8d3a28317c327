/**
 * The rate an endpoint bears, learned from its refusals (429): what it served of late, a little less, then slowly and
 * ever faster more, until it refuses again. Free until the first refusal. Rates are calls a second, times milliseconds.
 */
export interface Pace {
  /** Where it started from after the last refusal; null: free. */
  readonly base: number | null;
  readonly refusedAt: number;
}

export const freePace: Pace = { base: null, refusedAt: -Infinity };

/** Refusals of calls that left together are one piece of news. */
export const episodeMs = 1000;
const backOff = 0.9;
/** Ten times as much is tried within 10 s of a refusal, a tenth more not before the fourth second. */
const growth = 0.0028;
/** No call was refused for this long: the endpoint accepts the present rate. */
const forgottenMs = 30_000;
const slowest = 1 / 60;

/** Fewer answers a second say nothing of what it bears: at the start, or after a rest. */
const tooFew = 0.6;

/** `served`: calls a second that were answered of late. */
export function refusedPace(pace: Pace, served: number, now: number): Pace {
  if (now - pace.refusedAt < episodeMs) return pace;
  const current = rateAt(pace, now);
  const known = served < tooFew ? current : Math.min(served, current ?? Infinity);
  return { base: known === null ? null : Math.max(slowest, backOff * known), refusedAt: now };
}

/** No faster than what was served when it refused last: it bears that, unless it changed. */
export function isCalm(pace: Pace, now: number): boolean {
  const rate = rateAt(pace, now);
  return rate !== null && pace.base !== null && rate * backOff <= pace.base;
}

/** Calls a second that may be tried now; null: as many as there are. */
export function rateAt({ base, refusedAt }: Pace, now: number): number | null {
  if (base === null || now - refusedAt > forgottenMs) return null;
  const seconds = Math.max(0, now - refusedAt) / 1000;
  return base * Math.exp(growth * seconds ** 3);
}
