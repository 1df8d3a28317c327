/** One snapshot of a run, as the query `progress` of a run or a stage answers it, and the messages a run takes. */
import { z } from 'zod';
import { ArtifactRef } from './artifact.ts';
import { FlowSnapshot, FlowTerms } from './flow/flow.ts';
import { longestEndpointName } from './payload-limits.ts';
import { isFailureType } from '../domain/failures.ts';
import type { FailureType } from '../domain/failures.ts';

const runStatuses = ['preparing', 'running', 'paused', 'blocked', 'completed', 'stopped', 'failed'] as const;
export const RunStatus = z.enum(runStatuses);
export type RunStatus = z.infer<typeof RunStatus>;

const stepNames = [
  'connect',
  'prepare',
  'balance',
  'select',
  'generate',
  'fine-tune',
  'evaluate',
  'test',
  'report',
  'done',
] as const;
export const StepName = z.enum(stepNames);
export type StepName = z.infer<typeof StepName>;

/** Which ledger a run is charged to, as last seen: its id, its event counter, and a mark of the event at that counter. */
export const LedgerPin = z.strictObject({ id: z.string(), counter: z.int().nonnegative(), mark: z.string() });
export type LedgerPin = z.infer<typeof LedgerPin>;

export const Blocked = z.strictObject({
  type: z.custom<FailureType>(isFailureType),
  message: z.string(),
  remedy: z.string(),
  /** What `skip` would do instead, as the end of a sentence; null where nothing can go on without the step. */
  skip: z.string().nullable(),
});
export type Blocked = z.infer<typeof Blocked>;

/** A currency of the budget; `limit` null: counted, not limited. */
export const Amount = z.strictObject({ charged: z.int(), limit: z.int().nullable() });
export type Amount = z.infer<typeof Amount>;

/** The budget as the ledger last said it: calls, and beside them tokens and money. `charged` never exceeds `limit`. */
export const BudgetCopy = z.strictObject({
  slots: z.int(),
  limit: z.int(),
  charged: z.int(),
  settled: z.int(),
  forfeited: z.int(),
  tokens: Amount,
  microUsd: Amount,
});
export type BudgetCopy = z.infer<typeof BudgetCopy>;

export const DomainProgress = z.strictObject({
  domain: z.string(),
  quota: z.int(),
  real: z.int(),
  synthetic: z.int(),
});
export type DomainProgress = z.infer<typeof DomainProgress>;

/** Batches of a round: how many there are and have ended, and the lines of those under way. */
export const BatchProgress = z.strictObject({ batches: z.int(), ended: z.int(), lines: z.int(), answered: z.int() });
export type BatchProgress = z.infer<typeof BatchProgress>;

/** What a stage reports: `done` of `planned` calls of the step's round. Times are milliseconds since the epoch. */
export const StageProgress = z.strictObject({
  stage: z.int(),
  step: StepName,
  status: RunStatus,
  blocked: Blocked.nullable(),
  planned: z.int(),
  done: z.int(),
  round: z.int(),
  /** Teacher calls per second over the last slices, of all workers; null before the first. */
  callsPerSecond: z.number().nullable(),
  /** The flow of calls at all workers as their last slices said it, up to a slice's time old; null before the first. */
  flow: FlowSnapshot.nullish(),
  /** Until the calls still allowed are made at this rate; null where it cannot be said. */
  secondsLeft: z.number().nullish(),
  startedAt: z.number(),
  budget: BudgetCopy.nullable(),
  domains: z.array(DomainProgress),
  /** Absent where calls are sent one by one. */
  batch: BatchProgress.optional(),
});
export type StageProgress = z.infer<typeof StageProgress>;

export const StageLine = z.strictObject({
  stage: z.int(),
  slots: z.int(),
  real: z.int(),
  synthetic: z.int(),
  duplicated: z.int(),
  unfilled: z.int(),
  macro: z.number().nullable(),
  micro: z.number().nullable(),
  seconds: z.number(),
});
export type StageLine = z.infer<typeof StageLine>;

export const Progress = z.strictObject({
  run: z.string(),
  method: z.string(),
  status: RunStatus,
  step: StepName,
  blocked: Blocked.nullable(),
  stage: z.int().nullable(),
  stages: z.int(),
  budget: BudgetCopy.nullable(),
  finished: z.array(StageLine),
  test: z.strictObject({ macro: z.number(), micro: z.number() }).nullable(),
  stopAfterStage: z.boolean(),
  startedAt: z.number(),
  /** The ledger as the run last saw it; null before it connected. */
  ledger: LedgerPin.nullable(),
  /** Embedded parts that are not real models, for people: `simulated teacher`, `embedded baseline student`. */
  simulated: z.array(z.string()),
  /** How fast the teacher may be asked, where it was changed during the run. */
  terms: FlowTerms.optional(),
});
export type Progress = z.infer<typeof Progress>;

/** What `resume` may bring: a model trained elsewhere (manual student), or the ledger that was adopted. */
export const ResumeRequest = z.strictObject({
  studentModel: z.string().min(1).max(longestEndpointName).optional(),
  /** Of printable ASCII characters, as addresses are written. */
  studentUrl: z
    .url()
    .max(512)
    .regex(/^[!-~]+$/)
    .optional(),
  ledger: LedgerPin.optional(),
});
export type ResumeRequest = z.infer<typeof ResumeRequest>;

/** New limits; what is left out stays as it is. */
export const BudgetRequest = z
  .strictObject({
    calls: z.int().positive().optional(),
    tokens: z.int().positive().optional(),
    usd: z.number().positive().max(10_000_000).optional(),
  })
  .refine((request) => Object.values(request).some((limit) => limit !== undefined));
export type BudgetRequest = z.infer<typeof BudgetRequest>;

/** Every update answers with the new state in one sentence. */
export const UpdateAnswer = z.strictObject({ status: RunStatus, message: z.string() });
export type UpdateAnswer = z.infer<typeof UpdateAnswer>;

/** How a run ended. `report` is the JSON report; outputs lie in the run's folder. */
export const RunResult = z.strictObject({
  run: z.string(),
  status: RunStatus,
  macro: z.number().nullable(),
  micro: z.number().nullable(),
  studentModel: z.string().nullable(),
  folder: z.string().nullable(),
  /** What the scores were computed from; null where there are none, and for a run of an earlier version. */
  scores: z.strictObject({ metrics: ArtifactRef, predictions: ArtifactRef }).nullable().default(null),
  seconds: z.number().nullable().default(null),
  /** The stage that was cancelled by itself, with which the run ended. */
  cancelledStage: z.int().nullable().default(null),
});
export type RunResult = z.infer<typeof RunResult>;
