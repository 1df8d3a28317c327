/** Everything that can be said to a run and asked of it. Shared by the workflows and, as definitions, by the CLI. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { FlowRequest, FlowTerms } from '../contracts/flow.ts';
import type { ComparisonProgress } from '../contracts/comparison-messages.ts';
import type {
  Blocked,
  BudgetCopy,
  BudgetRequest,
  LedgerPin,
  Progress,
  ResumeRequest,
  RunStatus,
  StageProgress,
  UpdateAnswer,
} from '../contracts/progress.ts';

export const pauseRun = defineUpdate<UpdateAnswer>('pause');
export const resumeRun = defineUpdate<UpdateAnswer, [ResumeRequest]>('resume');
export const skipStep = defineUpdate<UpdateAnswer>('skip');
export const stopAfterStage = defineUpdate<UpdateAnswer>('stopAfterStage');
export const setBudget = defineUpdate<UpdateAnswer, [BudgetRequest]>('setBudget');
export const setFlow = defineUpdate<UpdateAnswer, [FlowRequest]>('setFlow');
export const progressOfRun = defineQuery<Progress>('progress');
/** Of a comparison, which takes `pause`, `resume` and `stopAfterStage` too. */
export const progressOfComparison = defineQuery<ComparisonProgress>('comparison');
export const progressOfStage = defineQuery<StageProgress>('progress');

/** Parent to stage. */
export const pauseStage = defineSignal('pauseStage');
export const resumeStage = defineSignal<[ResumeRequest]>('resumeStage');
export const skipInStage = defineSignal('skipInStage');
export const setStageTerms = defineSignal<[FlowTerms]>('setStageTerms');
/** Stage to parent. */
export const stageReported = defineSignal<[StageReport]>('stageReported');

export interface StageReport {
  readonly stage: number;
  /** Counts the reports of a stage from 1: signals between workflows may overtake one another. Absent from earlier versions. */
  readonly number?: number;
  readonly status: RunStatus;
  readonly step: StageProgress['step'];
  readonly blocked: Blocked | null;
  readonly budget: BudgetCopy | null;
  readonly ledger: LedgerPin;
}
