/** What a run is expected to cost, made before it spends (`plan`) and kept, so that its report can say how it came. */
import { z } from 'zod';

/** The least, what to expect, and the most. */
export const Range = z.strictObject({ low: z.number(), likely: z.number(), high: z.number() });
export type Range = z.infer<typeof Range>;

/** `microUsd` null: a price is not known, which is never nothing. */
const Cost = z.strictObject({ inputTokens: Range, outputTokens: Range, microUsd: Range.nullable() });

export const StageEstimate = z.strictObject({
  stage: z.int(),
  /** Teacher calls by what they do. */
  annotate: z.int(),
  synthesize: z.int(),
  verify: z.int(),
  /** Of these, answered by the ledger: they cost neither tokens nor money. */
  answered: Range,
  ...Cost.shape,
  /** Null where the method has no quotas, and in the copy that a run keeps. */
  domains: z
    .array(
      z.strictObject({
        domain: z.string(),
        real: z.int(),
        synthetic: z.int(),
        inputTokens: Range,
        outputTokens: Range,
      }),
    )
    .nullable(),
  /** Rows that the student of the stage before ranks, and rows this one answers in validation. */
  candidates: z.int(),
  evaluated: z.int(),
  trainedTokens: Range,
});
export type StageEstimate = z.infer<typeof StageEstimate>;

export const RunEstimate = z.strictObject({
  run: z.string(),
  teacher: z.strictObject({
    /** Null where no call is made. */
    model: z.string().nullable(),
    /** Calls of the plan, and the most that may be charged: refills and reissued calls use the difference. */
    calls: z.int(),
    callLimit: z.int(),
    answered: Range,
    /** Calls this run has paid already: a pilot's, or those of its last start. */
    bought: z.int(),
    ...Cost.shape,
    /** Sending all calls at the known concurrency, latency and limits. */
    seconds: Range,
  }),
  student: z.strictObject({
    model: z.string().nullable(),
    candidates: z.int(),
    /** Requests that only score, for each candidate. */
    scoringPasses: z.int(),
    /** Rows answered in validation and test, all stages together. */
    evaluated: z.int(),
    jobs: z.int(),
    trainedTokens: Range,
    ...Cost.shape,
  }),
  diskBytes: Range,
  stages: z.array(StageEstimate),
  /** What the ranges rest on, one sentence each. */
  assumptions: z.array(z.string()),
});
export type RunEstimate = z.infer<typeof RunEstimate>;
