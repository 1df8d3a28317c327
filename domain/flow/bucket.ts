/**
 * A token bucket that refills evenly. A call takes its estimate before it is sent and is corrected by what it really
 * used, so the level may fall below zero: a debt that later calls wait for. Times are milliseconds.
 */
export interface Bucket {
  readonly perMinute: number;
  readonly level: number;
  readonly at: number;
}

/**
 * How much may go at once after a rest, in seconds of the rate. Less than a second: endpoints that promise so many a
 * minute often count by the second, and answers that come back together must not leave together.
 */
const burstSeconds = 0.5;

export function capacityOf(perMinute: number): number {
  return Math.max(1, (perMinute / 60) * burstSeconds);
}

/** Full from the start. */
export function openBucket(perMinute: number, now: number): Bucket {
  return { perMinute, level: capacityOf(perMinute), at: now };
}

/** A clock that goes back adds nothing and takes nothing. */
export function refilled(bucket: Bucket, now: number): Bucket {
  const { perMinute, level, at } = bucket;
  if (now <= at) return bucket;
  const grown = level + ((now - at) * perMinute) / 60_000;
  return { perMinute, level: Math.max(level, Math.min(capacityOf(perMinute), grown)), at: now };
}

/** The same at another rate; what was saved up under a higher one is not spent under a lower. */
export function retuned(bucket: Bucket, perMinute: number, now: number): Bucket {
  if (perMinute === bucket.perMinute) return bucket;
  const { level, at } = refilled(bucket, now);
  return { perMinute, level: Math.min(level, capacityOf(perMinute)), at };
}

/** Milliseconds until this amount may be taken; 0: now. A call larger than the bucket waits until it is full. */
export function waitFor(bucket: Bucket, amount: number, now: number): number {
  const { perMinute, level } = refilled(bucket, now);
  const missing = Math.min(amount, capacityOf(perMinute)) - level;
  return missing <= tolerance ? 0 : (missing * 60_000) / perMinute;
}

/** Rounding must not make a call wait for a billionth of a request. */
const tolerance = 1e-9;

/** Takes an amount; a negative one returns it, never above the capacity. */
export function taken(bucket: Bucket, amount: number, now: number): Bucket {
  const { perMinute, level, at } = refilled(bucket, now);
  const left = level - amount;
  return { perMinute, level: amount < 0 ? Math.max(level, Math.min(left, capacityOf(perMinute))) : left, at };
}
