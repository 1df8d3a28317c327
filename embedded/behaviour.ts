/** How the endpoint behaves towards calls of its teachers: delays, idempotency, faults. Can be changed while it runs. */
import { z } from 'zod';

const Fault = z.strictObject({
  /** An HTTP status, a connection reset, or no answer at all until the client gives up. */
  status: z.union([z.int().min(400).max(599), z.enum(['reset', 'stall'])]),
  /** Before billing (the call costs nothing) or after it. */
  when: z.enum(['before', 'after']),
  /** Strikes every n-th call; default every call. */
  every: z.int().positive().default(1),
  /** Strikes this many times, then no more; default for ever. */
  count: z.int().positive().optional(),
  /** What is sent with a status; default an OpenAI-shaped error. */
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).default({}),
});
export type Fault = z.infer<typeof Fault>;

export const BehaviourChange = z.strictObject({
  latencyMs: z.number().nonnegative().max(600_000).optional(),
  /** Added to the latency, uniform between 0 and this. */
  jitterMs: z.number().nonnegative().max(600_000).optional(),
  /** Honour `Idempotency-Key` on chat completions of teachers. */
  idempotent: z.boolean().optional(),
  /** Rest between two slices of training: makes a job last, for tests that kill something in the middle of it. */
  trainingPauseMs: z.number().nonnegative().max(60_000).optional(),
  faults: z.array(Fault).optional(),
});
export type BehaviourChange = z.infer<typeof BehaviourChange>;

export class Behaviour {
  latencyMs = 0;
  jitterMs = 0;
  idempotent = false;
  trainingPauseMs = 0;
  #faults: { readonly fault: Fault; seen: number; struck: number }[] = [];

  change(change: BehaviourChange): void {
    this.latencyMs = change.latencyMs ?? this.latencyMs;
    this.jitterMs = change.jitterMs ?? this.jitterMs;
    this.idempotent = change.idempotent ?? this.idempotent;
    this.trainingPauseMs = change.trainingPauseMs ?? this.trainingPauseMs;
    if (change.faults) this.#faults = change.faults.map((fault) => ({ fault, seen: 0, struck: 0 }));
  }

  delayMs(): number {
    return this.latencyMs + Math.random() * this.jitterMs;
  }

  /** The fault that strikes the call that has just arrived; every fault counts every call. */
  nextFault(): Fault | undefined {
    let striking: Fault | undefined;
    for (const entry of this.#faults) {
      entry.seen += 1;
      if (striking || entry.seen % entry.fault.every !== 0 || entry.struck >= (entry.fault.count ?? Infinity)) continue;
      entry.struck += 1;
      striking = entry.fault;
    }
    return striking;
  }
}
