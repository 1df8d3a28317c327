/** The JSON report of a run: everything a page or a comparison shows, in one document. */
import { z } from 'zod';
import { outputs } from '../domain/tasks/output.ts';
import { askKinds } from '../domain/tasks/template.ts';
import { Metrics } from './metrics.ts';
import { RunStatus, StepName } from './progress.ts';
import { DomainOutcome } from './records.ts';
import { RunEstimate } from './run-estimate.ts';
import { RunSpec } from './run/run-file.ts';
import { Ranked, StageCounts } from './stage.ts';

const LedgerPart = z.strictObject({
  limit: z.int(),
  charged: z.int(),
  settled: z.int(),
  cached: z.int(),
  forfeited: z.int(),
  recovered: z.int(),
  refused: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  /** Charged, its limit, and the worst case that was charged before sending. */
  tokens: z.strictObject({ charged: z.int(), limit: z.int().nullable(), planned: z.int() }),
  money: z.strictObject({
    chargedMicroUsd: z.int(),
    limitMicroUsd: z.int().nullable(),
    plannedMicroUsd: z.int(),
    teacherMicroUsd: z.int(),
    studentMicroUsd: z.int(),
    /** Answers of a model without a known price: they are in none of these sums. */
    unpriced: z.int(),
  }),
  unusable: z.record(z.string(), z.int()),
});

/** The budget over time: seconds since the run was recorded in the ledger. A bounded number of points. */
const HistoryPart = z.strictObject({
  points: z.array(
    z.strictObject({
      seconds: z.number(),
      charged: z.int(),
      limit: z.int(),
      /** Answered from the ledger. */
      cached: z.int(),
      /** Outcome unknown, still charged. */
      forfeited: z.int(),
      microUsd: z.int(),
    }),
  ),
  /** When every slot of a stage was decided. */
  stages: z.array(z.strictObject({ stage: z.int(), seconds: z.number() })),
});

/** What a teacher wrote, for people to read: seeded draws, long texts cut. */
export const Sample = z.strictObject({
  kind: z.enum(['real', 'synthetic', 'unusable']),
  stage: z.int(),
  slot: z.int(),
  domain: z.string(),
  /** Null where an unusable answer made no training row. */
  input: z.string().nullable(),
  answer: z.string().nullable(),
  /** The rationale, or the whole answer that could not be used; null where the bare answer is taught. */
  text: z.string().nullable(),
  /** Why an answer could not be used. */
  reason: z.string().nullable(),
});
export type Sample = z.infer<typeof Sample>;

export const StagePart = z.strictObject({
  stage: z.int(),
  seconds: z.number(),
  counts: StageCounts,
  /** Absent where no call was made to rank rows, and in reports of an earlier version. */
  ranked: Ranked.optional(),
  outcomes: z.array(DomainOutcome),
  studentModel: z.string().nullable(),
  validation: Metrics.nullable(),
  losses: z.array(z.strictObject({ step: z.int(), loss: z.number() })),
  /** Steps that were blocked and that a person skipped. */
  skipped: z.array(StepName).default([]),
  /** The stage was cancelled: with the whole run, or by itself, and the run ended with it. */
  cancelled: z.boolean().default(false),
});
export type StagePart = z.infer<typeof StagePart>;

export const Report = z.strictObject({
  version: z.literal(2),
  run: z.string(),
  status: RunStatus,
  startedAt: z.string(),
  seconds: z.number(),
  spec: RunSpec,
  prompts: z.strictObject({
    version: z.string(),
    /** Of every template in use, filled in with the same words each time, and of the schemas sent with them. */
    sha256: z.string(),
    /** The form that the teacher was asked to answer in; null where it was asked nothing. */
    output: z.enum(outputs).nullable().default(null),
    /** Templates of the run file's own. */
    own: z.array(z.enum(askKinds)).default([]),
  }),
  versions: z.strictObject({ baldistill: z.string(), node: z.string() }),
  teacherModel: z.string().nullable(),
  studentModel: z.string().nullable(),
  simulated: z.array(z.string()),
  data: z.strictObject({
    pool: z.int(),
    validation: z.int(),
    test: z.int(),
    domains: z.int(),
    duplicatesDropped: z.int(),
    leaksDropped: z.int(),
    unscored: z.array(z.string()),
    /** Rows of each domain in the pool, most frequent first. */
    domainRows: z.array(z.strictObject({ domain: z.string(), rows: z.int() })),
  }),
  stages: z.array(StagePart),
  test: Metrics.nullable(),
  ledger: LedgerPart,
  /** Made when the run began; null for a run of an earlier version. */
  estimate: RunEstimate.nullable().default(null),
  history: HistoryPart,
  samples: z.array(Sample),
});
export type Report = z.infer<typeof Report>;
