/**
 * A simulated endpoint and a client that follows the flow rules against it, on a clock of their own: no sockets, no
 * waiting, minutes in milliseconds. The endpoint has a few workplaces with a queue, and may refuse above a rate.
 */
import { answered, openFlow, refused, sent, limitsReported, tuned, waitOf } from '../../domain/flow/flow.ts';
import type { Flow, Mark, Settings } from '../../domain/flow/flow.ts';
import { openRateMeter } from '../../domain/flow/rate-meter.ts';
import { drawOf } from '../../domain/flow/rate-limits.ts';
import type { RateLimits } from '../../domain/flow/rate-limits.ts';
import { seededRandom } from '../../domain/random.ts';

export interface Endpoint {
  /** Calls worked on at the same time. */
  readonly servers: number;
  readonly serviceMs: number;
  /** How much a call's time varies, as a share of it. */
  readonly jitter: number;
  /** Requests a minute it allows, at a moment; a bucket of one second. Absent: no limit. */
  readonly allows?: (now: number) => number;
  /** Says its limit with every answer. */
  readonly announces?: boolean;
  readonly seed?: number;
  /** The share of calls it refuses whatever the pace, for 20 ms. */
  readonly strikes?: number;
}

export interface Seen {
  readonly flow: Flow;
  readonly answeredAt: readonly number[];
  readonly refusedAt: readonly number[];
  /** Calls that may be in flight, each second. */
  readonly limits: readonly number[];
}

const call = drawOf({ input: 80, output: 20 });

export function simulate(endpoint: Endpoint, settings: Settings, forMs: number): Seen {
  const { servers, serviceMs, jitter, allows, announces = false, seed = 0, strikes = 0 } = endpoint;
  const random = seededRandom('simulation', seed);
  const free: number[] = Array.from({ length: servers }, () => 0);
  const events: { at: number; startedAt: number; refused: number | null; left: number; mark: Mark }[] = [];
  const served = openRateMeter(0);
  const seen = { answeredAt: [] as number[], refusedAt: [] as number[], limits: [] as number[] };
  let flow = openFlow(settings, 0);
  let inFlight = 0;
  let level = allows === undefined ? Infinity : 1;
  let levelAt = 0;

  const headers = (now: number): RateLimits => (allows === undefined ? {} : { requestsPerMinute: allows(now) });

  function push(event: (typeof events)[number]): void {
    let at = events.length;
    while (at > 0 && (events[at - 1]?.at ?? 0) > event.at) at -= 1;
    events.splice(at, 0, event);
  }

  function arrive(now: number): void {
    if (strikes > 0 && random.next() < strikes) {
      push({ at: now + 1, startedAt: now, refused: 20, left: Math.floor(level), mark: flow });
      return;
    }
    if (allows !== undefined) {
      const perMs = allows(now) / 60_000;
      level = Math.min(Math.max(1, perMs * 1000), level + (now - levelAt) * perMs);
      levelAt = now;
      if (level < 1) {
        push({ at: now + 5, startedAt: now, refused: (1 - level) / perMs, left: Math.floor(level), mark: flow });
        return;
      }
      level -= 1;
    }
    const first = free.indexOf(Math.min(...free));
    const begins = Math.max(now, free[first] ?? 0);
    const ends = begins + serviceMs * (1 + jitter * (random.next() - 0.5) * 2);
    free[first] = ends;
    push({ at: ends, startedAt: now, refused: null, left: Math.floor(level), mark: flow });
  }

  for (let now = 0; now < forMs;) {
    flow = tuned(flow, now);
    let wait = waitOf(flow, call, inFlight, now);
    while (wait === 0) {
      flow = sent(flow, call, now);
      inFlight += 1;
      arrive(now);
      wait = waitOf(flow, call, inFlight, now);
    }
    const event = events[0];
    const next = Math.min(event?.at ?? Infinity, now + Math.max(1, wait), now + 1000);
    for (let second = Math.floor(now / 1000) + 1; second <= next / 1000; second += 1)
      seen.limits.push(flow.concurrency.limit);
    now = next;
    if (event === undefined || event.at > now) continue;
    events.shift();
    if (announces && allows !== undefined)
      flow = limitsReported(
        flow,
        { limits: headers(now), remaining: { requestsPerMinute: event.left }, resetMs: null },
        event.mark,
        now,
      );
    if (event.refused === null) {
      served.count(now);
      seen.answeredAt.push(now);
      flow = answered(flow, { startedAt: event.startedAt, inFlight, estimate: call, used: call }, now);
    } else {
      seen.refusedAt.push(now);
      const why = { retryAfterMs: event.refused, overloaded: true, served: served.perSecond(now) };
      flow = refused(flow, { inFlight, estimate: call, ...why }, now);
    }
    inFlight -= 1;
  }
  return { flow, ...seen };
}

export function perSecond(times: readonly number[], from: number, to: number): number {
  return (times.filter((at) => at >= from && at < to).length * 1000) / (to - from);
}
