/** Messages between the driver of the benchmark and its endpoint. */
import { z } from 'zod';

export const Behavior = z.strictObject({
  latencyMs: z.number().min(0).default(0),
  /** Latencies are spread evenly over +- this share, so that calls do not march in step. */
  jitter: z.number().min(0).max(1).default(0.25),
  /** 2 % answer 429, 1 % answer 500, 1 % break off in the middle of the JSON. */
  faults: z.boolean().default(false),
});
export type Behavior = z.infer<typeof Behavior>;

export const Counts = z.strictObject({
  requests: z.int(),
  /** Whole answers. */
  answered: z.int(),
  inFlight: z.int(),
  mostInFlight: z.int(),
  /** Times of the first request and of the last complete answer; milliseconds since the epoch. */
  firstAt: z.number().nullable(),
  lastAt: z.number().nullable(),
});
export type Counts = z.infer<typeof Counts>;
