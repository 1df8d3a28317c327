/** What the workflows and their activities say to each other, beyond the stage's own input and result. */
import { z } from 'zod';
import { outputs } from '../domain/tasks/output.ts';
import { ArtifactRef } from './artifact.ts';
import { FlowSnapshot } from './flow/flow.ts';
import { BudgetCopy, DomainProgress, LedgerPin, RunStatus } from './progress.ts';
import { RunSpec } from './run/run-file.ts';
import { SignedTerms } from './signed/signed-command.ts';
import { Connected, Prepared, Scores, StageCounts, StageInput, StageResult, StudentRef } from './stage.ts';

export const Balanced = z.strictObject({
  /** JSONL of `QuotaLine`; empty where the method has no quotas. */
  quotas: ArtifactRef,
  slots: z.int(),
  heads: z.int(),
  tails: z.int(),
});
export type Balanced = z.infer<typeof Balanced>;

export const SelectInput = z.strictObject({ input: StageInput, balanced: Balanced });
export type SelectInput = z.infer<typeof SelectInput>;

export const SelectedRows = z.strictObject({ selection: ArtifactRef, candidates: z.int(), cut: z.int() });
export type SelectedRows = z.infer<typeof SelectedRows>;

/** A round's calls, cut into chunks that are sent as slices. `calls` counts slots that need a teacher call. */
export const RoundPlan = z.strictObject({
  round: z.int(),
  /** `fill`: the slots, or after the first round the ones to fill again. */
  purpose: z.enum(['fill', 'verify', 'reallocate']).default('fill'),
  /** JSONL of `UncalledSlot`; absent where every row is annotated. */
  uncalled: ArtifactRef.optional(),
  chunks: z.array(ArtifactRef),
  /** The chunks again, JSONL of `ArtifactRef`, where they are many: the workflow drops them once they are under way. */
  chunkList: ArtifactRef.optional(),
  calls: z.int(),
  /** The form that the prompts ask for; absent until a call has shown which form the endpoint accepts. */
  output: z.enum(outputs).optional(),
  /** Rows chosen so far in this stage, refills included. */
  selection: ArtifactRef,
  ordinals: ArtifactRef,
  /** Per domain what is planned, for people; at most 200 domains, long names shortened. */
  domains: z.array(DomainProgress),
});
export type RoundPlan = z.infer<typeof RoundPlan>;

export const PlanRoundInput = z.strictObject({
  input: StageInput,
  balanced: Balanced,
  selection: ArtifactRef,
  /** Plans of the rounds before this one. */
  earlier: z.array(RoundPlan),
});
export type PlanRoundInput = z.infer<typeof PlanRoundInput>;

export const SliceInput = z.strictObject({
  spec: RunSpec,
  connected: Connected,
  stage: z.int(),
  round: z.int(),
  chunk: ArtifactRef,
  /** Present after `baldistill flow` changed how fast the teacher may be asked. */
  terms: SignedTerms.optional(),
});
export type SliceInput = z.infer<typeof SliceInput>;

/** A slice ends with every slot answered, empty or unsent; unsent ones are sent by a later slice of the same chunk. */
export const SliceResult = z.strictObject({
  answered: z.int(),
  empty: z.int(),
  unsent: z.int(),
  sent: z.int(),
  seconds: z.number(),
  domains: z.array(z.strictObject({ domain: z.string(), real: z.int(), synthetic: z.int() })),
  budget: BudgetCopy,
  ledger: LedgerPin,
  /** The flow of this run at the worker that did the slice, at its end; absent in histories of an earlier version. */
  flow: z.strictObject({ worker: z.string(), look: FlowSnapshot.nullable() }).optional(),
});
export type SliceResult = z.infer<typeof SliceResult>;

export const CloseStageInput = z.strictObject({
  input: StageInput,
  /** Null where the stage was skipped before it had quotas. */
  balanced: Balanced.nullable(),
  /** Empty where the stage was skipped before its first call. */
  plans: z.array(RoundPlan),
});
export type CloseStageInput = z.infer<typeof CloseStageInput>;

/** Every slot of the stage decided. `training` holds the examples of all stages so far as OpenAI chat JSONL. */
export const ClosedStage = z.strictObject({
  quotas: ArtifactRef,
  selection: ArtifactRef,
  ordinals: ArtifactRef,
  /** As in the plans. */
  output: z.enum(outputs).optional(),
  examples: ArtifactRef,
  outcomes: ArtifactRef,
  training: ArtifactRef,
  counts: StageCounts,
  domains: z.array(DomainProgress),
  budget: BudgetCopy,
  ledger: LedgerPin,
});
export type ClosedStage = z.infer<typeof ClosedStage>;

export const FineTuneInput = z.strictObject({
  spec: RunSpec,
  connected: Connected,
  stage: z.int(),
  training: ArtifactRef,
  /** Model to start from: the base, or the previous stage's with `init: continue`. */
  from: z.string(),
});
export type FineTuneInput = z.infer<typeof FineTuneInput>;

/** `spending`: the ledger's entry for what it costs; null where it costs nothing. */
export const FineTuneJob = z.strictObject({ id: z.string(), key: z.string(), spending: z.string().nullable() });
export type FineTuneJob = z.infer<typeof FineTuneJob>;

export const AwaitFineTuneInput = z.strictObject({ spec: RunSpec, connected: Connected, job: FineTuneJob });
export type AwaitFineTuneInput = z.infer<typeof AwaitFineTuneInput>;

export const FineTuned = z.strictObject({ model: z.string(), losses: ArtifactRef.nullable() });
export type FineTuned = z.infer<typeof FineTuned>;

export const EvaluateInput = z.strictObject({
  spec: RunSpec,
  connected: Connected,
  prepared: Prepared,
  student: StudentRef,
  split: z.enum(['validation', 'test']),
});
export type EvaluateInput = z.infer<typeof EvaluateInput>;

export const ReportInput = z.strictObject({
  spec: RunSpec,
  connected: Connected.nullable(),
  prepared: Prepared.nullable(),
  stages: z.array(StageResult),
  test: Scores.nullable(),
  status: RunStatus,
  startedAt: z.number(),
  stageSeconds: z.array(z.number()),
});
export type ReportInput = z.infer<typeof ReportInput>;

export const Reported = z.strictObject({ folder: z.string(), studentModel: z.string().nullable() });
export type Reported = z.infer<typeof Reported>;
