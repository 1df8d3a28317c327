/** Everything that can be said to a run and asked of it. Shared by the workflows and, as definitions, by the CLI. */
import { z } from 'zod';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ComparisonProgress } from '../contracts/comparison/comparison-messages.ts';
import { Blocked, BudgetCopy, RunStatus, StepName } from '../contracts/progress.ts';
import type { Progress, StageProgress, UpdateAnswer } from '../contracts/progress.ts';
import type { ResumeCommand, SignedBudget, SignedFlow, SignedTerms } from '../contracts/signed/signed-command.ts';

export const pauseRun = defineUpdate<UpdateAnswer>('pause');
export const resumeRun = defineUpdate<UpdateAnswer, [ResumeCommand]>('resume');
export const skipStep = defineUpdate<UpdateAnswer>('skip');
export const stopAfterStage = defineUpdate<UpdateAnswer>('stopAfterStage');
export const setBudget = defineUpdate<UpdateAnswer, [SignedBudget]>('setBudget');
export const setFlow = defineUpdate<UpdateAnswer, [SignedFlow]>('setFlow');
export const progressOfRun = defineQuery<Progress>('progress');
/** Of a comparison, which takes `pause`, `resume` and `stopAfterStage` too. */
export const progressOfComparison = defineQuery<ComparisonProgress>('comparison');
export const progressOfStage = defineQuery<StageProgress>('progress');

/** Parent to stage. */
export const pauseStage = defineSignal('pauseStage');
export const resumeStage = defineSignal<[ResumeCommand]>('resumeStage');
export const skipInStage = defineSignal('skipInStage');
export const setStageTerms = defineSignal<[SignedTerms]>('setStageTerms');
/** Stage to parent. */
export const stageReported = defineSignal<[StageReport]>('stageReported');

/** For people and lists: nothing that costs money rests on it. */
export const StageReport = z.strictObject({
  stage: z.int(),
  /** Counts the reports of a stage from 1: signals between workflows may overtake one another. */
  number: z.int(),
  status: RunStatus,
  step: StepName,
  blocked: Blocked.nullable(),
  budget: BudgetCopy.nullable(),
});
export type StageReport = z.infer<typeof StageReport>;
