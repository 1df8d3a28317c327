/** The activities as the workflows see them: one interface a kind of task queue. */
import type {
  AwaitFineTuneInput,
  Balanced,
  CloseStageInput,
  ClosedStage,
  EvaluateInput,
  FineTuned,
  FineTuneInput,
  FineTuneJob,
  PlanRoundInput,
  Reported,
  ReportInput,
  RoundPlan,
  SelectedRows,
  SelectInput,
  SliceInput,
  SliceResult,
} from '../contracts/activity-messages.ts';
import type {
  AwaitBatchInput,
  BatchRef,
  BatchSeen,
  CancelBatchesInput,
  Gathered,
  GatherInput,
  SettleBatchInput,
  SettledBatch,
  SubmitInput,
  SubmittedBatch,
} from '../contracts/batch-messages.ts';
import type {
  AwaitRunRequest,
  CompletedCell,
  ComparisonReportInput,
  NextCell,
  NextCellRequest,
  RunSeen,
  SignedComparison,
  SteerRequest,
} from '../contracts/comparison/comparison-messages.ts';
import type { BudgetCopy, RunStatus } from '../contracts/progress.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import type {
  Brought,
  SignedBudget,
  SignedFlow,
  SignedResume,
  SignedTerms,
} from '../contracts/signed/signed-command.ts';
import type { Signed } from '../contracts/signed/signed-run.ts';
import type { Connected, Prepared, Scores, StageInput } from '../contracts/stage.ts';

/** An input that names a run and nothing else. */
export interface About {
  readonly spec: RunSpec;
}

export interface ControlActivities {
  /** Opens the run in the ledger, probes the endpoints once, pins both. */
  connect(request: Signed<About>): Promise<Connected>;
  prepare(request: Signed<About>): Promise<Prepared>;
  balance(request: Signed<StageInput>): Promise<Balanced>;
  planRound(request: Signed<PlanRoundInput>): Promise<RoundPlan>;
  closeStage(request: Signed<CloseStageInput>): Promise<ClosedStage>;
  report(request: Signed<ReportInput>): Promise<Reported>;
  setLimits(request: Signed<About & { command: SignedBudget }>): Promise<{ accepted: boolean; budget: BudgetCopy }>;
  /** Verifies a command that changes the pace, and signs the terms that result from it. */
  setTerms(request: Signed<About & { command: SignedFlow; before: SignedTerms | null }>): Promise<SignedTerms>;
  /** Verifies terms that a message brought. */
  verifyTerms(request: Signed<About & { terms: SignedTerms }>): Promise<void>;
  /** Verifies what a resume brings along. */
  acceptResume(request: Signed<About & { command: SignedResume }>): Promise<Brought>;
  /** Lets a run send again after it was blocked: forgives a streak of ambiguous ends. */
  forgive(request: Signed<About>): Promise<void>;
  recordStatus(request: Signed<About & { status: RunStatus; result: unknown }>): Promise<void>;
  /** Waits until a stage of the run is closed, asking it to cancel first. */
  awaitClosed(request: Signed<About & { stage: number }>): Promise<void>;
  /** The cells of a plan that were completed before. */
  completedCells(request: { comparison: SignedComparison }): Promise<CompletedCell[]>;
  nextCell(request: NextCellRequest): Promise<NextCell>;
  /** Answers when a run is over, or its being blocked has changed; throws a benign retryable failure until then. */
  awaitRun(request: AwaitRunRequest): Promise<RunSeen>;
  steerRuns(request: SteerRequest): Promise<void>;
  writeComparison(input: ComparisonReportInput): Promise<{ folder: string }>;
}

export interface TeacherActivities {
  /** Sends the calls of one chunk for at most a slice of time. */
  generate(request: Signed<SliceInput>): Promise<SliceResult>;
}

/** Batch mode of the teacher, on its task queue. */
export interface BatchActivities {
  /** The batches of a round that an earlier attempt left under way. */
  openBatches(request: Signed<GatherInput>): Promise<BatchRef[]>;
  /** Writes down, charges and seals what of some chunks has no answer yet. */
  gatherBatches(request: Signed<GatherInput>): Promise<Gathered>;
  submitBatch(request: Signed<SubmitInput>): Promise<SubmittedBatch>;
  /** Answers when there is news; throws a benign retryable failure until then. */
  awaitBatch(request: Signed<AwaitBatchInput>): Promise<BatchSeen>;
  settleBatch(request: Signed<SettleBatchInput>): Promise<SettledBatch>;
  cancelBatches(request: Signed<CancelBatchesInput>): Promise<SubmittedBatch[]>;
}

export interface StudentActivities {
  select(request: Signed<SelectInput>): Promise<SelectedRows>;
  fineTune(request: Signed<FineTuneInput>): Promise<FineTuneJob>;
  /** One look at the job; throws a benign retryable failure while it is running. */
  awaitFineTune(request: Signed<AwaitFineTuneInput>): Promise<FineTuned>;
  evaluate(request: Signed<EvaluateInput>): Promise<Scores>;
}
