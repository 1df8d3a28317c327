/** What goes into a stage and what comes out: references and counts, never rows. */
import { z } from 'zod';
import { outputs } from '../domain/tasks/output.ts';
import { ArtifactRef } from './artifact.ts';
import { EngineSettings } from './engine.ts';
import { BudgetCopy, LedgerPin, StepName } from './progress.ts';
import { RunSpec } from './run/run-file.ts';
import { StudentAddress } from './signed/signed-command.ts';
import { SignedRun } from './signed/signed-run.ts';

/** Result of prepare: the splits as JSONL of `Row`, and the `DomainTable`. */
export const Prepared = z.strictObject({
  pool: ArtifactRef,
  validation: ArtifactRef.nullable(),
  test: ArtifactRef.nullable(),
  domains: ArtifactRef,
  dropped: z.strictObject({ duplicates: z.int(), leaks: z.int() }),
  /** Rows held back for an embedded teacher (`data.reserve`). */
  reserved: z.int().optional(),
});
export type Prepared = z.infer<typeof Prepared>;

/** What was learned about an endpoint, once, at the start of the run. */
export const Capabilities = z.strictObject({
  fineTuning: z.boolean(),
  arrayPrompts: z.boolean(),
  outputLogprobs: z.boolean(),
  /** How prompt log probabilities are had: by generated token ids, by text, or not at all. */
  promptLogprobs: z.enum(['token-ids', 'text', 'none']),
  /** Token ids every answer starts after when scored alone (BOS and header); empty where scoring is by text. */
  startIds: z.array(z.int()),
  /** True where generation and scoring disagree, so that both IFD terms come from the scoring pass. */
  rescore: z.boolean(),
});
export type Capabilities = z.infer<typeof Capabilities>;

/** Found when the run connected: the ledger it is charged to, and the capabilities of its endpoints. */
export const Connected = z.strictObject({
  ledger: LedgerPin,
  /** Null where the method asks no teacher. */
  teacherModel: z.string().nullable(),
  /** Whether the teacher's endpoint has a Batch API; absent where it is not needed. */
  batch: z.boolean().optional(),
  student: Capabilities.nullable(),
  studentModel: z.string().nullable(),
});
export type Connected = z.infer<typeof Connected>;

export const Scores = z.strictObject({
  split: z.enum(['validation', 'test']),
  macro: z.number(),
  micro: z.number(),
  rows: z.int(),
  /** `Metrics` of domain/metrics, with every domain. */
  metrics: ArtifactRef,
  predictions: ArtifactRef,
});
export type Scores = z.infer<typeof Scores>;

export const StageCounts = z.strictObject({
  slots: z.int(),
  real: z.int(),
  synthetic: z.int(),
  duplicated: z.int(),
  unfilled: z.int(),
  dropped: z.int(),
});
export type StageCounts = z.infer<typeof StageCounts>;

/** What the student wrote to rank rows: how many answers, and how many of them were truncated. */
export const Ranked = z.strictObject({ rows: z.int(), cut: z.int() });

/** The student a stage ended with. `address`: of a manually trained one; null for the run file's endpoint. */
export const StudentRef = z.strictObject({
  model: z.string(),
  job: z.string().nullable(),
  losses: ArtifactRef.nullable(),
  address: StudentAddress.nullable(),
});
export type StudentRef = z.infer<typeof StudentRef>;

export const StageResult = z.strictObject({
  stage: z.int(),
  quotas: ArtifactRef,
  selection: ArtifactRef,
  /** Examples of this stage alone, JSONL of `Example`. */
  examples: ArtifactRef,
  /** `DomainOutcome` a domain. */
  outcomes: ArtifactRef,
  counts: StageCounts,
  ranked: Ranked.optional(),
  /** Next synthesis ordinal per domain, JSON. */
  ordinals: ArtifactRef,
  /** The form that the teacher was asked to answer in; absent until a call has shown which form the endpoint accepts. */
  output: z.enum(outputs).optional(),
  /** Training file of all stages so far, OpenAI chat JSONL. */
  training: ArtifactRef,
  student: StudentRef.nullable(),
  validation: Scores.nullable(),
  /** Steps that were blocked and that a person skipped. */
  skipped: z.array(StepName),
  /** The stage was cancelled: it has the slots that it had by then, and no student. */
  cancelled: z.boolean().optional(),
  budget: BudgetCopy,
  /** The ledger as the stage last saw it. */
  ledger: LedgerPin,
});
export type StageResult = z.infer<typeof StageResult>;

export const StageInput = z.strictObject({
  spec: RunSpec,
  connected: Connected,
  prepared: Prepared,
  stage: z.int().nonnegative(),
  history: z.array(StageResult),
});
export type StageInput = z.infer<typeof StageInput>;

/** What the workflow `distill` is started with; its workflow id is the run's name. */
export const DistillInput = z.strictObject({
  run: SignedRun,
  /** False where the namespace does not know our search attributes: an unregistered one wedges a workflow for ever. */
  searchAttributes: z.boolean(),
  engine: EngineSettings,
});
export type DistillInput = z.infer<typeof DistillInput>;
