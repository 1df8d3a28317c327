import { z } from 'zod';

/** How rounds of calls reach the teacher. */
export const Sending = {
  /** `batch`: by the endpoint's Batch API, within 24 hours a round. `auto`: whatever `batch` beside it says of a round. */
  mode: z.enum(['sync', 'batch', 'auto']).default('sync'),
  batch: z
    .strictObject({
      /** The least calls of a round that `auto` sends as batches. */
      minimum: z.int().positive().default(1000),
      /** `auto` sends batches only while each remaining stage could take 24 hours within this many hours from the run's start. */
      deadlineHours: z.number().positive().optional(),
      /** Lines and bytes a batch, at most. */
      maxRequests: z.int().positive().max(50_000).default(50_000),
      maxBytes: z.int().min(100_000).max(200_000_000).default(190_000_000),
      /** Input tokens the endpoint lets this run have under way; no limit where not set. */
      maxTokens: z.int().positive().optional(),
    })
    .prefault({}),
};
