/** The activities as the workflows see them: one interface a kind of task queue (DESIGN section 3). */
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
import type { ArtifactRef } from '../contracts/artifact.ts';
import type {
  CompletedCell,
  ComparisonReportInput,
  NextCell,
  NextCellRequest,
  RunSeen,
  SteerRequest,
} from '../contracts/comparison-messages.ts';
import type { BudgetCopy, BudgetRequest, RunStatus } from '../contracts/progress.ts';
import type { RunSpec } from '../contracts/run-file.ts';
import type { Connected, Prepared, Scores, StageInput } from '../contracts/stage.ts';

export interface ControlActivities {
  /** Opens the run in the ledger, probes the endpoints once, pins both. */
  connect(spec: RunSpec): Promise<Connected>;
  prepare(spec: RunSpec): Promise<Prepared>;
  balance(input: StageInput): Promise<Balanced>;
  planRound(input: PlanRoundInput): Promise<RoundPlan>;
  closeStage(input: CloseStageInput): Promise<ClosedStage>;
  report(input: ReportInput): Promise<Reported>;
  setLimits(request: { spec: RunSpec; limits: BudgetRequest }): Promise<{ accepted: boolean; budget: BudgetCopy }>;
  /** Lets a run send again after it was parked: forgives a streak of ambiguous ends. */
  forgive(run: string): Promise<void>;
  recordStatus(request: { run: string; status: RunStatus; result: unknown }): Promise<void>;
  /** Waits until a workflow of this id is closed, asking it to cancel first. */
  awaitClosed(workflowId: string): Promise<void>;
  /** The cells of a plan that were completed before. */
  completedCells(plan: ArtifactRef): Promise<CompletedCell[]>;
  nextCell(request: NextCellRequest): Promise<NextCell>;
  /** Answers when a run is over, or its being blocked has changed; throws a benign retryable failure until then. */
  awaitRun(request: { run: string; blocked: boolean }): Promise<RunSeen>;
  steerRuns(request: SteerRequest): Promise<void>;
  writeComparison(input: ComparisonReportInput): Promise<{ folder: string }>;
}

export interface TeacherActivities {
  /** Sends the calls of one chunk for at most a slice of time. */
  generate(input: SliceInput): Promise<SliceResult>;
}

/** Batch mode of the teacher, on its task queue. */
export interface BatchActivities {
  /** The batches of a round that an earlier attempt left under way. */
  openBatches(input: GatherInput): Promise<BatchRef[]>;
  /** Writes down, charges and seals what of some chunks has no answer yet. */
  gatherBatches(input: GatherInput): Promise<Gathered>;
  submitBatch(input: SubmitInput): Promise<SubmittedBatch>;
  /** Answers when there is news; throws a benign retryable failure until then. */
  awaitBatch(input: AwaitBatchInput): Promise<BatchSeen>;
  settleBatch(input: SettleBatchInput): Promise<SettledBatch>;
  cancelBatches(input: CancelBatchesInput): Promise<SubmittedBatch[]>;
}

export interface StudentActivities {
  select(input: SelectInput): Promise<SelectedRows>;
  fineTune(input: FineTuneInput): Promise<FineTuneJob>;
  /** One look at the job; throws a benign retryable failure while it is running. */
  awaitFineTune(input: AwaitFineTuneInput): Promise<FineTuned>;
  evaluate(input: EvaluateInput): Promise<Scores>;
}
