/** Every operation of the ledger, one line for each file. */
export { adopt } from './adopt.ts';
export { audit } from './audit.ts';
export {
  batch,
  batchLines,
  closeBatch,
  gatherBatch,
  openBatches,
  recordBatch,
  sealBatch,
  tryBatch,
} from './batches.ts';
export { callState, forfeit, markUnusable, markUsable, refuse } from './calls.ts';
export { entries, tally } from './entries.ts';
export { closedStages, history, recordStage, unusable } from './history.ts';
export { beat, endSession, identity, verify } from './identity.ts';
export { intend } from './intend.ts';
export { answerUsage, knownAnswers } from './known-answers.ts';
export { claimOnce, forgetOnce, recordOnce } from './once.ts';
export { budget, forgiveForfeits, openRun, run, runs, setLimits, setPlanned, setRunStatus } from './runs.ts';
export { settle } from './settle.ts';
export { slots } from './slots.ts';
export { endSpending, spend, spendingOf } from './spend.ts';
export { summary } from './summary.ts';
