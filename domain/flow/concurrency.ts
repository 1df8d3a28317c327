/**
 * How many calls may be in flight: as many as raise the throughput, at most `ceiling`. It doubles while that pays, then
 * tries a little more and a little less now and then and keeps what is better; that needs no refusal, since a local
 * server only gets slower. A refusal (429) takes a third off and lets it grow again by one a round trip.
 *
 * Throughput is not counted but follows from Little's law, calls in flight / mean latency: answers that come back
 * together would make counts of a short window worthless. Times are milliseconds.
 */
import { answeredIn, isFull, measuredIn, openSettledWindow, openWindow } from './window.ts';
import type { Ended, Measured, Window } from './window.ts';

export interface Concurrency {
  readonly ceiling: number;
  /** May be a fraction while it grows; its whole part counts. */
  readonly limit: number;
  readonly phase: 'doubling' | 'recovering' | 'resting' | 'probing';
  readonly window: Window;
  /** What is compared with: the step before while doubling, else where it rests. */
  readonly best: Measured | null;
  readonly next: 'up' | 'down';
  /** Probes in a row that did not pay. */
  readonly vain: number;
  /** Probes in a row that did: each next step is twice as large. */
  readonly paid: number;
  readonly restUntil: number;
  /** What `recovering` grows back to. */
  readonly before: number;
  readonly refusedAt: number;
}

/** What nothing is known of starts with this many, or the ceiling. */
const first = 64;
/** A tenth more in flight has to bring this share of a tenth more throughput, and a tenth less may cost it. */
const pays = 0.2;
/** While doubling, half of it. */
const paysDouble = 0.5;
/** The first step, as a share of the limit, and the largest. */
const firstStep = 0.25;
const largestStep = 0.5;
const restMs = 30_000;
/** Latency at rest that changed by this factor is looked into at once. */
const unrest = 1.5;
const decrease = 0.7;

export function openConcurrency(ceiling: number, now: number): Concurrency {
  const limit = Math.min(first, ceiling);
  const phase = limit < ceiling ? 'doubling' : 'resting';
  const window = openWindow(now, 0);
  const restUntil = now + restMs / 3;
  return {
    ceiling,
    limit,
    phase,
    window,
    best: null,
    next: 'down',
    vain: 0,
    paid: 0,
    restUntil,
    before: limit,
    refusedAt: -Infinity,
  };
}

/** A ceiling that was raised is tried, one that was lowered holds at once. */
export function withCeiling(state: Concurrency, ceiling: number, now: number): Concurrency {
  if (ceiling === state.ceiling) return state;
  if (ceiling < state.limit) {
    const lowered = { ...state, ceiling, before: Math.min(state.before, ceiling), best: null };
    return moved({ ...lowered, phase: 'resting', restUntil: now + restMs, next: 'up', vain: 0 }, ceiling, now);
  }
  if (state.limit < state.ceiling) return { ...state, ceiling };
  const fresh = openConcurrency(ceiling, now);
  return { ...fresh, limit: Math.max(fresh.limit, state.limit), refusedAt: state.refusedAt };
}

/** A call was refused for being too many. */
export function refusedCall(state: Concurrency, inFlight: number, episodeMs: number, now: number): Concurrency {
  if (now - state.refusedAt < episodeMs) return state;
  const limit = Math.max(1, Math.min(state.limit, inFlight) * decrease);
  const before = state.phase === 'recovering' ? state.before : state.limit;
  return { ...moved({ ...state, phase: 'recovering', best: null, vain: 0 }, limit, now), before, refusedAt: now };
}

/** A call was answered, with this many in flight. */
export function answeredCall(state: Concurrency, call: Ended): Concurrency {
  const now = call.endedAt;
  if (state.phase === 'recovering') {
    // Unused concurrency shows nothing about the limit.
    if (call.inFlight < Math.floor(state.limit)) return state;
    const limit = Math.min(state.ceiling, state.before, state.limit + 1 / state.limit);
    if (limit < Math.min(state.ceiling, state.before)) return { ...state, limit };
    return moved({ ...state, phase: 'resting', restUntil: now + restMs, next: 'up' }, limit, now);
  }
  const window = answeredIn(state.window, call);
  if (!isFull(window, { limit: state.limit, brief: state.phase === 'doubling' })) return { ...state, window };
  const measured = measuredIn(window, state.limit);
  // The limit did not bind: nothing was learned about it.
  if (measured === null) return { ...state, window: openWindow(now, window.usualMs) };
  if (state.phase === 'doubling') return doubled(state, measured, now);
  return state.phase === 'probing' ? probed(state, measured, now) : rested(state, measured, now);
}

function doubled(state: Concurrency, measured: Measured, now: number): Concurrency {
  const { best, ceiling } = state;
  if (best !== null && shareOf(best, measured) < paysDouble)
    return probing({ ...state, best, next: 'down' }, now, best.limit);
  // At once: the calls that double it are a burst, which meets whatever queue there is.
  const window = openWindow(now, state.window.usualMs);
  if (measured.limit < ceiling)
    return { ...state, best: measured, limit: Math.min(ceiling, measured.limit * 2), window };
  return rest({ ...state, best: measured, next: 'down' }, now);
}

function rested(state: Concurrency, measured: Measured, now: number): Concurrency {
  const { best, restUntil } = state;
  const change = best === null ? 1 : measured.latencyMs / best.latencyMs;
  const settled = { ...state, best: measured, window: openWindow(now, state.window.usualMs) };
  if (change > unrest) return probing({ ...settled, next: 'down', vain: 0 }, now);
  if (change < 1 / unrest) return probing({ ...settled, next: 'up', vain: 0 }, now);
  return now < restUntil ? settled : probing({ ...settled, vain: 0 }, now);
}

function probed(state: Concurrency, measured: Measured, now: number): Concurrency {
  const { best } = state;
  if (best === null) return rest({ ...state, best: measured }, now);
  const share = shareOf(best, measured);
  const better = measured.limit > best.limit ? share >= pays : share < pays;
  if (better) return probing({ ...state, best: measured, vain: 0, paid: state.paid + 1 }, now);
  const next = state.next === 'up' ? 'down' : 'up';
  const turned: Concurrency = { ...state, next, vain: state.vain + 1, paid: 0 };
  return turned.vain < 2 ? probing(turned, now, best.limit) : rest(turned, now);
}

/** How much of a change in flight arrived as a change of throughput: 1 all of it, 0 nothing. */
function shareOf(from: Measured, to: Measured): number {
  return (to.throughput / from.throughput - 1) / (to.limit / from.limit - 1);
}

/** Tries the next step from `from`; rests where there is none in this direction. */
function probing(state: Concurrency, now: number, from: number = state.limit): Concurrency {
  const at = Math.max(1, Math.round(from));
  const step = Math.max(1, Math.round(at * Math.min(largestStep, firstStep * 2 ** state.paid)));
  const limit = state.next === 'up' ? Math.min(state.ceiling, at + step) : Math.max(1, at - step);
  if (limit === at) return rest({ ...state, next: state.next === 'up' ? 'down' : 'up' }, now);
  return moved({ ...state, phase: 'probing' }, limit, now);
}

function rest(state: Concurrency, now: number): Concurrency {
  const resting: Concurrency = { ...state, phase: 'resting', vain: 0, paid: 0, restUntil: now + restMs };
  return moved(resting, state.best?.limit ?? state.limit, now);
}

/** Calls that began before the change has arrived at the endpoint say nothing about it. */
function moved(state: Concurrency, limit: number, now: number): Concurrency {
  return { ...state, limit, window: openSettledWindow(now, state.window.usualMs) };
}
