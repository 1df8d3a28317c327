/** How the endpoint behaves towards calls of its teachers: delays, idempotency, faults. Can be changed while it runs. */
import { z } from 'zod';
import { BatchBehavior, BatchOutcomes } from './batches/behavior.ts';
import { Throttle } from './throttle.ts';
import { Workplaces } from './concurrent-calls.ts';

/**
 * Beside an HTTP status: `reset` cuts the connection before the headers, `reset-body` after them and half the body;
 * `stall` never answers, `stall-body` stops after half the body, `late` answers after `delayMs`; `half-json` sends a
 * whole response whose JSON stops in the middle; `repeat` sends the last answer of another question.
 */
const misdeeds = ['reset', 'reset-body', 'stall', 'stall-body', 'late', 'half-json', 'repeat'] as const;
export type Misdeed = (typeof misdeeds)[number];

/** Forms of `response_format`, the best first: an endpoint that knows one knows those after it too. */
export const structuredForms = ['json-schema', 'json-object', 'none'] as const;
export type StructuredForm = (typeof structuredForms)[number];

const Fault = z.strictObject({
  status: z.union([z.int().min(400).max(599), z.enum(misdeeds)]),
  /** Before billing (the call costs nothing) or after it. */
  when: z.enum(['before', 'after']),
  /** Strikes every n-th call; default every call. */
  every: z.int().positive().default(1),
  /** Strikes no call before this one; calls are counted from when the endpoint's state was new. */
  from: z.int().nonnegative().optional(),
  /** Strikes this many times, then no more; default for ever. */
  count: z.int().positive().optional(),
  /** The body sent with the status; default an OpenAI-shaped error. */
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  /** How much later than its latency a `late` answer is worked out, billed and sent. */
  delayMs: z.number().nonnegative().max(600_000).optional(),
});
export type Fault = z.infer<typeof Fault>;

const Limits = z.strictObject({
  requestsPerMinute: z.number().positive().optional(),
  tokensPerMinute: z.number().positive().optional(),
  burstSeconds: z.number().positive().max(3600).default(60),
  headers: z.boolean().default(true),
});

export const BehaviorChange = z.strictObject({
  latencyMs: z.number().nonnegative().max(600_000).optional(),
  /** Added to the latency, uniform between 0 and this. */
  jitterMs: z.number().nonnegative().max(600_000).optional(),
  /** Honour `Idempotency-Key` on chat completions of teachers. */
  idempotent: z.boolean().optional(),
  /** The best `response_format` that is understood; 400 for a better one. */
  structured: z.enum(structuredForms).optional(),
  /** Rest between two slices of training: makes a job last, for tests that kill something in the middle of it. */
  trainingPauseMs: z.number().nonnegative().max(60_000).optional(),
  faults: z.array(Fault).optional(),
  /** Replaces all that was said of batches before. */
  batches: BatchBehavior.optional(),
  /** Rate limits of the teachers, enforced from now on with full buckets; null: none. */
  limits: Limits.nullish(),
  /** Calls that are worked on at the same time; null: as many as come. */
  servers: z.int().positive().nullish(),
});
export type BehaviorChange = z.infer<typeof BehaviorChange>;

export class Behavior {
  latencyMs = 0;
  jitterMs = 0;
  idempotent = false;
  trainingPauseMs = 0;
  structured: StructuredForm = 'json-schema';
  /** Of the call before, for a fault that repeats it. */
  lastAnswer: unknown;
  readonly batches = new BatchOutcomes();
  readonly workplaces = new Workplaces();
  throttle: Throttle | null = null;
  #faults: { readonly fault: Fault; seen: number; struck: number }[] = [];

  change(change: BehaviorChange): void {
    this.latencyMs = change.latencyMs ?? this.latencyMs;
    this.jitterMs = change.jitterMs ?? this.jitterMs;
    this.idempotent = change.idempotent ?? this.idempotent;
    this.trainingPauseMs = change.trainingPauseMs ?? this.trainingPauseMs;
    if (change.batches) this.batches.change(change.batches);
    if (change.limits !== undefined) this.throttle = change.limits && new Throttle(change.limits, performance.now());
    if (change.servers !== undefined) this.workplaces.places = change.servers;
    this.structured = change.structured ?? this.structured;
    if (change.faults) this.#faults = change.faults.map((fault) => ({ fault, seen: 0, struck: 0 }));
  }

  delayMs(): number {
    return this.latencyMs + Math.random() * this.jitterMs;
  }

  /** The fault that strikes the call that has just arrived as number `call`; every fault counts every call. */
  nextFault(call: number): Fault | undefined {
    let striking: Fault | undefined;
    for (const entry of this.#faults) {
      if (call < (entry.fault.from ?? 0)) continue;
      entry.seen += 1;
      if (striking || entry.seen % entry.fault.every !== 0 || entry.struck >= (entry.fault.count ?? Infinity)) continue;
      entry.struck += 1;
      striking = entry.fault;
    }
    return striking;
  }
}
