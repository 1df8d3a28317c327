/** The activities as the workflows see them: one interface per kind of task queue. */
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

/** An input that holds only a run. */
export interface RunInput {
  readonly spec: RunSpec;
}

export interface ControlActivities {
  /** Opens the run in the ledger, probes the endpoints once, and pins both. */
  connect(request: Signed<RunInput>): Promise<Connected>;
  prepare(request: Signed<RunInput>): Promise<Prepared>;
  balance(request: Signed<StageInput>): Promise<Balanced>;
  planRound(request: Signed<PlanRoundInput>): Promise<RoundPlan>;
  closeStage(request: Signed<CloseStageInput>): Promise<ClosedStage>;
  report(request: Signed<ReportInput>): Promise<Reported>;
  setLimits(request: Signed<RunInput & { command: SignedBudget }>): Promise<{ accepted: boolean; budget: BudgetCopy }>;
  /** Verifies a flow command and signs the terms that result from it. */
  setTerms(request: Signed<RunInput & { command: SignedFlow; before: SignedTerms | null }>): Promise<SignedTerms>;
  /** Verifies the terms in a message. */
  verifyTerms(request: Signed<RunInput & { terms: SignedTerms }>): Promise<void>;
  /** Verifies a resume command. */
  acceptResume(request: Signed<RunInput & { command: SignedResume }>): Promise<Brought>;
  /** Lets a blocked run send again: resets its count of consecutive forfeits. */
  forgive(request: Signed<RunInput>): Promise<void>;
  recordStatus(request: Signed<RunInput & { status: RunStatus; result: unknown }>): Promise<void>;
  /** Cancels a stage of the run and waits until it is closed. */
  awaitClosed(request: Signed<RunInput & { stage: number }>): Promise<void>;
  /** The cells of a plan that are completed already. */
  completedCells(request: { comparison: SignedComparison }): Promise<CompletedCell[]>;
  nextCell(request: NextCellRequest): Promise<NextCell>;
  /** Returns when a run has closed or its blocked state has changed; throws a benign retryable failure until then. */
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
  /** The batches of a round that an earlier attempt left open. */
  openBatches(request: Signed<GatherInput>): Promise<BatchRef[]>;
  /** Records, charges and seals the calls of some chunks that have no answer yet. */
  gatherBatches(request: Signed<GatherInput>): Promise<Gathered>;
  submitBatch(request: Signed<SubmitInput>): Promise<SubmittedBatch>;
  /** Returns when there is progress to report; throws a benign retryable failure until then. */
  awaitBatch(request: Signed<AwaitBatchInput>): Promise<BatchSeen>;
  settleBatch(request: Signed<SettleBatchInput>): Promise<SettledBatch>;
  cancelBatches(request: Signed<CancelBatchesInput>): Promise<SubmittedBatch[]>;
}

export interface StudentActivities {
  select(request: Signed<SelectInput>): Promise<SelectedRows>;
  fineTune(request: Signed<FineTuneInput>): Promise<FineTuneJob>;
  /** Checks the job once; throws a benign retryable failure while it is running. */
  awaitFineTune(request: Signed<AwaitFineTuneInput>): Promise<FineTuned>;
  evaluate(request: Signed<EvaluateInput>): Promise<Scores>;
}
