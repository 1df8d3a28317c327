/** How fast a teacher may be asked, and what is seen of it: by whom the limits are set and who shows the numbers. */
import { z } from 'zod';
import { limitNames } from '../../domain/flow/rate-limits.ts';

const PerMinute = z.number().positive().max(1e9);

/** What an endpoint allows a minute, as far as people say it; the endpoint's own headers may say less. */
export const RateLimits = z.strictObject({
  requestsPerMinute: PerMinute.optional(),
  /** In and out together. */
  tokensPerMinute: PerMinute.optional(),
  inputTokensPerMinute: PerMinute.optional(),
  outputTokensPerMinute: PerMinute.optional(),
});
export type RateLimits = z.infer<typeof RateLimits>;

/** Changes of a run that is going on; what is left out stays, `null` lifts a limit. */
export const FlowRequest = z
  .strictObject({
    concurrency: z.int().min(1).max(1024).optional(),
    requestsPerMinute: PerMinute.nullish(),
    tokensPerMinute: PerMinute.nullish(),
    inputTokensPerMinute: PerMinute.nullish(),
    outputTokensPerMinute: PerMinute.nullish(),
  })
  .refine((request) => Object.values(request).some((value) => value !== undefined));
export type FlowRequest = z.infer<typeof FlowRequest>;

/** How a run is to be carried out now, in place of what its file says: all of it, not a change. */
export const FlowTerms = z.strictObject({ concurrency: z.int().min(1).max(1024), limits: RateLimits });
export type FlowTerms = z.infer<typeof FlowTerms>;

/**
 * The calls of one run as one worker sees them. Counts are since the worker began with the run; rates and latencies are
 * of the last seconds and of the last 500 answers.
 */
export const FlowSnapshot = z.strictObject({
  callsPerSecond: z.number(),
  tokensPerMinute: z.number(),
  inFlight: z.int(),
  /** Calls that wait for the limiter. */
  waiting: z.int(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  answered: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  /** Calls sent that brought no answer, by reason: `rate_limited`, `timeout`. Most of them are retried. */
  failed: z.record(z.string(), z.int()),
});
export type FlowSnapshot = z.infer<typeof FlowSnapshot>;

/** One endpoint as one worker sees it. */
export const EndpointSnapshot = z.strictObject({
  /** Address and model, never a key. */
  endpoint: z.string(),
  /** Calls that may be in flight now. */
  concurrency: z.int(),
  /** This worker's part of what is allowed a minute, as people or the endpoint say it. */
  limits: z.partialRecord(z.enum(limitNames), z.number()),
  /** Seconds until the next call may be sent; 0: now. */
  heldSeconds: z.number(),
  /** Runs that have calls in flight or waiting. */
  runs: z.array(z.strictObject({ run: z.string(), flow: FlowSnapshot })),
});
export type EndpointSnapshot = z.infer<typeof EndpointSnapshot>;

/** What a worker says of itself every second, in a file of its own. */
export const WorkerSnapshot = z.strictObject({
  /** Its name, unique in its home. */
  worker: z.string(),
  pid: z.int(),
  startTime: z.string(),
  at: z.number(),
  /** Where its Prometheus metrics are served; null where they are off. */
  metrics: z.url().nullable(),
  endpoints: z.array(EndpointSnapshot),
});
export type WorkerSnapshot = z.infer<typeof WorkerSnapshot>;
