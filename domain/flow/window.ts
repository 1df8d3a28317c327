/** What is seen of calls under one limit of calls in flight, until it is enough to judge the limit. */

export interface Ended {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Calls in flight when it ended, itself counted. */
  readonly inFlight: number;
}

export interface Window {
  /** Calls that began earlier are not counted. */
  readonly from: number;
  readonly calls: number;
  readonly latencySum: number;
  readonly inFlightSum: number;
  /** Mean latency of late, over windows. */
  readonly usualMs: number;
}

export interface Measured {
  readonly limit: number;
  /** Calls a millisecond. */
  readonly throughput: number;
  readonly latencyMs: number;
}

const memory = 20;
/** A limit is judged only where at least this share of it was used. */
const used = 0.8;

/** Counts calls that begin from now on. `usualMs`: mean latency so far, 0 where nothing is known. */
export function openWindow(now: number, usualMs: number): Window {
  return { from: now, calls: 0, latencySum: 0, inFlightSum: 0, usualMs };
}

/** Counts once what came before has left the endpoint: a usual latency from now. */
export function openSettledWindow(now: number, usualMs: number): Window {
  return openWindow(now + usualMs, usualMs);
}

export function answeredIn(window: Window, { startedAt, endedAt, inFlight }: Ended): Window {
  // Nothing takes no time at all, and nothing ends before it begins.
  const latency = Math.max(0.001, endedAt - startedAt);
  const usualMs = window.usualMs === 0 ? latency : window.usualMs + (latency - window.usualMs) / memory;
  if (startedAt < window.from) return { ...window, usualMs };
  return {
    ...window,
    usualMs,
    calls: window.calls + 1,
    latencySum: window.latencySum + latency,
    inFlightSum: window.inFlightSum + inFlight,
  };
}

/** Enough calls that chance does not decide: of latencies that scatter by a third, the mean is known to 4 %. */
export function isFull(
  { calls }: Window,
  { limit, brief }: { readonly limit: number; readonly brief: boolean },
): boolean {
  return calls >= (brief ? Math.max(16, limit / 2) : Math.max(60, 2 * limit));
}

/** Null where the limit was not used up, so that nothing can be said of it. */
export function measuredIn({ calls, latencySum, inFlightSum }: Window, limit: number): Measured | null {
  const inFlight = inFlightSum / calls;
  if (inFlight < used * Math.floor(limit)) return null;
  const latencyMs = latencySum / calls;
  return { limit, throughput: inFlight / latencyMs, latencyMs };
}
