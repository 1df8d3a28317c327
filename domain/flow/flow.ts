/**
 * The flow towards one endpoint: when the next call may be sent, by every rule at once. Limits that were declared or
 * learned from headers, the pace that refusals taught, calls in flight, and the time the endpoint asked to be left
 * alone. A function of events and their times (milliseconds); the limiter of a worker holds the state and the queue.
 */
import { backedOff, counted, noBlame, withPace } from './blame.ts';
import type { Blame } from './blame.ts';
import { openBucket, retuned, taken, waitFor } from './bucket.ts';
import type { Bucket } from './bucket.ts';
import { answeredCall, openConcurrency, refusedCall, withCeiling } from './concurrency.ts';
import type { Concurrency } from './concurrency.ts';
import { episodeMs, freePace, isCalm, rateAt, refusedPace } from './pace.ts';
import type { Pace } from './pace.ts';
import { limitNames, strictest } from './rate-limits.ts';
import type { Draw, LimitName, RateLimits } from './rate-limits.ts';

export interface Flow {
  /** What people said of the endpoint; the strictest where several runs say it. */
  readonly declared: RateLimits;
  /** What the endpoint says of itself with its answers. */
  readonly learned: RateLimits;
  /** The part of the limits that is this worker's: 1 where it is alone. */
  readonly share: number;
  readonly buckets: Readonly<Partial<Record<LimitName, Bucket>>>;
  readonly pace: Pace;
  readonly blame: Blame;
  readonly concurrency: Concurrency;
  /** Nothing is sent before. */
  readonly heldUntil: number;
  /** Calls in flight after a hold: few at first, one more with each answer; null: no matter. */
  readonly ramp: number | null;
  /** Refusals since the last answer, those at the same moment counted once. */
  readonly streak: number;
  readonly refusedAt: number;
  /** What headers have taken from the buckets so far. */
  readonly corrections: Readonly<Partial<Record<LimitName, number>>>;
  /** When the endpoint's window resets, as it announced when nothing was left. */
  readonly resetAt: number;
}

export interface Settings {
  readonly declared: RateLimits;
  readonly ceiling: number;
  readonly share: number;
}

/** What the headers of an answer say is allowed and left; null where they say nothing. */
export interface ReportedLimits {
  readonly limits: RateLimits;
  readonly remaining: RateLimits;
  /** Where nothing is left of one of them: until the window resets. */
  readonly resetMs: number | null;
}

/** A hair less than is allowed: clocks differ, and what is in flight arrives unevenly. */
const use = 0.99;
const rampFrom = 2;
const firstHoldMs = 500;
const longestHoldMs = 8000;

export function openFlow(settings: Settings, now: number): Flow {
  const { declared, ceiling, share } = settings;
  const concurrency = openConcurrency(ceilingOf(ceiling, share), now);
  const fresh: Flow = {
    declared,
    learned: {},
    share,
    buckets: {},
    pace: freePace,
    blame: noBlame,
    concurrency,
    heldUntil: -Infinity,
    ramp: null,
    streak: 0,
    refusedAt: -Infinity,
    corrections: {},
    resetAt: -Infinity,
  };
  return tuned(fresh, now);
}

/** Other limits, another ceiling or another part of them, from now on. */
export function withSettings(flow: Flow, { declared, ceiling, share }: Settings, now: number): Flow {
  const concurrency = withCeiling(flow.concurrency, ceilingOf(ceiling, share), now);
  return tuned({ ...flow, declared, share, concurrency }, now);
}

function ceilingOf(ceiling: number, share: number): number {
  return Math.max(1, Math.round(ceiling * share));
}

/** Milliseconds until a call of this size may be sent; Infinity: not before one that is in flight ends. */
export function waitOf(flow: Flow, draw: Draw, inFlight: number, now: number): number {
  if (inFlight >= allowed(flow)) return Infinity;
  let wait = Math.max(0, flow.heldUntil - now);
  for (const name of limitNames) {
    const bucket = flow.buckets[name];
    if (bucket !== undefined) wait = Math.max(wait, waitFor(bucket, draw[name], now));
  }
  return wait;
}

/** Calls that may be in flight now. */
export function allowed({ concurrency, ramp }: Flow): number {
  return Math.max(1, Math.floor(Math.min(concurrency.limit, ramp ?? Infinity)));
}

/** A call leaves; it takes what it is thought to use. */
export function sent(flow: Flow, draw: Draw, now: number): Flow {
  return drawn(flow, draw, 1, now);
}

/** A call did not leave after all. */
export function unsent(flow: Flow, draw: Draw, now: number): Flow {
  return drawn(flow, draw, -1, now);
}

/** The buckets as a call left them, for what its headers will say of that moment. */
export interface Mark {
  readonly buckets: Flow['buckets'];
  readonly corrections: Flow['corrections'];
}

export interface Answered {
  readonly startedAt: number;
  readonly inFlight: number;
  readonly estimate: Draw;
  /** What it really used; null where the endpoint does not say. */
  readonly used: Draw | null;
}

export function answered(flow: Flow, call: Answered, now: number): Flow {
  const { startedAt, inFlight, estimate, used } = call;
  const ramp = flow.ramp === null || flow.ramp >= flow.concurrency.limit ? null : flow.ramp + 1;
  // While it is held back by a ramp, what it does says nothing about the limit.
  const concurrency =
    ramp === null ? answeredCall(flow.concurrency, { startedAt, endedAt: now, inFlight }) : flow.concurrency;
  const corrected = used === null ? flow : drawn(flow, differenceOf(used, estimate), 1, now);
  const blame = counted(flow.blame, false, isCalm(flow.pace, now));
  return tuned({ ...corrected, blame, concurrency, ramp, streak: 0 }, now);
}

export interface Refused {
  readonly inFlight: number;
  readonly estimate: Draw;
  /** How long the endpoint asked to be left alone; null where it did not say. */
  readonly retryAfterMs: number | null;
  /** Too much was asked (429, overload); false where it was not even reached. */
  readonly overloaded: boolean;
  /** Calls a second it answered of late. */
  readonly served: number;
}

/**
 * It asked nothing of the model, so what it took is given back. The endpoint is left alone for as long as it asks; and
 * slowed down for, unless it refuses a few at random.
 */
export function refused(flow: Flow, call: Refused, now: number): Flow {
  const { estimate, retryAfterMs, overloaded } = call;
  const news = now - flow.refusedAt >= episodeMs;
  const streak = news ? flow.streak + 1 : flow.streak;
  const calm = isCalm(flow.pace, now);
  const blame = overloaded ? counted(flow.blame, true, calm) : flow.blame;
  const met: Flow = { ...flow, blame, streak, refusedAt: news ? now : flow.refusedAt };
  // Refused again and again with no answer between is not at random.
  const byChance = overloaded && streak < 2 && !withPace(blame, calm);
  const slowed = byChance
    ? { ...met, heldUntil: Math.max(flow.heldUntil, now + (retryAfterMs ?? 0)) }
    : slowedDown(met, call, now);
  return tuned(drawn(slowed, { ...estimate, requestsPerMinute: 0 }, -1, now), now);
}

function slowedDown(flow: Flow, { inFlight, retryAfterMs, overloaded, served }: Refused, now: number): Flow {
  const own = overloaded ? Math.min(longestHoldMs, firstHoldMs * 2 ** (Math.max(1, flow.streak) - 1)) : firstHoldMs;
  // No longer than until the announced reset.
  const hold = flow.resetAt > now ? Math.min(own, flow.resetAt - now) : own;
  const heldUntil = Math.max(flow.heldUntil, now + (retryAfterMs ?? hold));
  const pace = overloaded ? refusedPace(flow.pace, served, now) : flow.pace;
  // Where the rate is known the number in flight is not to blame.
  const known = limitNames.some(
    (name) => flow.buckets[name] !== undefined && (flow.declared[name] ?? flow.learned[name]),
  );
  const concurrency = overloaded && !known ? refusedCall(flow.concurrency, inFlight, episodeMs, now) : flow.concurrency;
  const blame = pace === flow.pace ? flow.blame : backedOff(flow.blame);
  return { ...flow, heldUntil, pace, blame, concurrency, ramp: rampFrom };
}

/**
 * Headers of an answer or a refusal. A limit is believed at once, whether it was raised or lowered. What is left is left
 * after the reported call, as it arrived: it is compared with the bucket of that moment, not of now, and what
 * earlier headers have corrected since is not corrected again.
 */
export function limitsReported(
  flow: Flow,
  { limits, remaining, resetMs }: ReportedLimits,
  mark: Mark,
  now: number,
): Flow {
  const raised = limitNames.some((name) => (limits[name] ?? 0) > (flow.learned[name] ?? Infinity));
  const pace = raised ? freePace : flow.pace;
  const resetAt = resetMs === null ? flow.resetAt : now + resetMs;
  const next = tuned({ ...flow, learned: { ...flow.learned, ...limits }, pace, resetAt }, now);
  const buckets = { ...next.buckets };
  const corrections = { ...next.corrections };
  for (const name of limitNames) {
    const [bucket, then, left] = [buckets[name], mark.buckets[name], remaining[name]];
    if (bucket === undefined || then === undefined || left === undefined) continue;
    const already = (corrections[name] ?? 0) - (mark.corrections[name] ?? 0);
    // It is reported in whole numbers.
    const missing = then.level - already - (left + 1) * flow.share;
    if (missing <= 0) continue;
    buckets[name] = taken(bucket, missing, now);
    corrections[name] = (corrections[name] ?? 0) + missing;
  }
  return { ...next, buckets, corrections };
}

/** This worker's present share of the limits, a minute. */
export function effectiveLimits(
  { declared, learned, share, pace }: Flow,
  now: number,
): Partial<Record<LimitName, number>> {
  const paced = rateAt(pace, now);
  const limits: Partial<Record<LimitName, number>> = {};
  for (const name of limitNames) {
    const known = strictest(declared[name], learned[name]);
    const whole = known === undefined ? undefined : known * use * share;
    const limit = strictest(whole, name === 'requestsPerMinute' && paced !== null ? paced * 60 : undefined);
    if (limit !== undefined) limits[name] = limit;
  }
  return limits;
}

/** Brings every bucket to the limit of now; one that begins to be limited is empty if the endpoint just refused. */
export function tuned(flow: Flow, now: number): Flow {
  const limits = effectiveLimits(flow, now);
  let changed = false;
  const buckets: Partial<Record<LimitName, Bucket>> = {};
  for (const name of limitNames) {
    const [limit, bucket] = [limits[name], flow.buckets[name]];
    if (limit !== undefined) {
      buckets[name] = bucket === undefined ? begun(limit, flow, now) : retuned(bucket, limit, now);
    }
    if (buckets[name] !== bucket) changed = true;
  }
  return changed ? { ...flow, buckets } : flow;
}

function begun(limit: number, { refusedAt }: Flow, now: number): Bucket {
  const bucket = openBucket(limit, now);
  return refusedAt === now ? { ...bucket, level: 0 } : bucket;
}

function drawn(flow: Flow, draw: Draw, sign: 1 | -1, now: number): Flow {
  let buckets: Partial<Record<LimitName, Bucket>> | undefined;
  for (const name of limitNames) {
    const bucket = flow.buckets[name];
    if (bucket !== undefined && draw[name] !== 0)
      (buckets ??= { ...flow.buckets })[name] = taken(bucket, draw[name] * sign, now);
  }
  return buckets === undefined ? flow : { ...flow, buckets };
}

function differenceOf(used: Draw, estimate: Draw): Draw {
  return {
    requestsPerMinute: 0,
    tokensPerMinute: used.tokensPerMinute - estimate.tokensPerMinute,
    inputTokensPerMinute: used.inputTokensPerMinute - estimate.inputTokensPerMinute,
    outputTokensPerMinute: used.outputTokensPerMinute - estimate.outputTokensPerMinute,
  };
}
