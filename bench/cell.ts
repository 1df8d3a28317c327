/** One measurement of the grid, and what came out of it. */

export const clients = ['undici', 'openai', 'engine', 'engine, null ledger', 'engine, 2 workers'] as const;
export type Client = (typeof clients)[number];

export interface Cell {
  readonly client: Client;
  readonly latencyMs: number;
  readonly inFlight: number;
  readonly calls: number;
  readonly faults: boolean;
}

export interface Measured {
  /** From the start (of the loop, or of the workflow) to the last answer. */
  readonly seconds: number;
  /** CPU seconds of the client: the loop's process, or all workers. */
  readonly clientCpu: number;
  /** Of the Temporal server; null without one. */
  readonly serverCpu: number | null;
  /** Of the client process that held most. */
  readonly peakMegabytes: number;
  /** From the start to the first request at the endpoint. */
  readonly firstCallSeconds: number;
  readonly requests: number;
  readonly mostInFlight: number;
  /** Events of the run's workflows; null where there are none. */
  readonly events: number | null;
}

/** Ideal calls a second at this concurrency and latency; null where nothing limits them. */
export function ideal({ inFlight, latencyMs }: Cell): number | null {
  return latencyMs === 0 ? null : (inFlight * 1000) / latencyMs;
}
