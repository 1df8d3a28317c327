/** The JSON report of a run: everything a page or a comparison shows, in one document. */
import { z } from 'zod';
import { Metrics } from './metrics.ts';
import { RunStatus, StepName } from './progress.ts';
import { DomainOutcome } from './records.ts';
import { RunSpec } from './run-file.ts';
import { StageCounts } from './stage.ts';

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

export const StagePart = z.strictObject({
  stage: z.int(),
  seconds: z.number(),
  counts: StageCounts,
  outcomes: z.array(DomainOutcome),
  studentModel: z.string().nullable(),
  validation: Metrics.nullable(),
  losses: z.array(z.strictObject({ step: z.int(), loss: z.number() })),
  /** Steps that were blocked and that a person skipped. */
  skipped: z.array(StepName).default([]),
});
export type StagePart = z.infer<typeof StagePart>;

export const Report = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  status: RunStatus,
  startedAt: z.string(),
  seconds: z.number(),
  spec: RunSpec,
  promptVersion: z.string(),
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
  }),
  stages: z.array(StagePart),
  test: Metrics.nullable(),
  ledger: LedgerPart,
});
export type Report = z.infer<typeof Report>;
