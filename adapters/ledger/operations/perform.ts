/** Which function performs which operation. */
import type { OperationName, Operations, Request } from '../thread/protocol.ts';
import type { LedgerTransaction } from '../transaction.ts';
import { forfeitCall } from './forfeit.ts';
import { intend } from './intend.ts';
import { claimOnce, forgetOnce, recordOnce } from './once.ts';
import { refuseCall } from './refuse.ts';
import {
  forgiveForfeits,
  openRun,
  readBudget,
  readRun,
  readRuns,
  setLimits,
  setPlanned,
  setRunStatus,
} from './runs.ts';
import {
  batchLines,
  closeBatch,
  gatherBatch,
  openBatches,
  readBatch,
  recordBatch,
  sealBatch,
  tryBatch,
} from './batches.ts';
import { adopt } from './adopt.ts';
import { settleCall } from './settle.ts';
import { endSpending, spend, spendingOf } from './spend.ts';
import { readSlots } from './slots.ts';
import { audit } from './audit.ts';
import { callState, markUnusable, markUsable } from './calls.ts';
import { readHistory, readUnusable } from './history.ts';
import { listCalls, tally } from './list-calls.ts';
import { readStages, recordStage } from './stages.ts';
import { answerUsage, knownAnswers } from './known-answers.ts';
import { summarize } from './summary.ts';
import { endSession, identity, keepAlive, verify } from './identity.ts';

type Performers = {
  readonly [K in OperationName]: (
    transaction: LedgerTransaction,
    input: Operations[K]['input'],
  ) => Promise<Operations[K]['output']>;
};

const performers: Performers = {
  identity,
  verify,
  adopt,
  beat: keepAlive,
  close: endSession,
  openRun,
  intend,
  settle: settleCall,
  refuse: refuseCall,
  forfeit: forfeitCall,
  callState,
  markUnusable,
  markUsable,
  recordStage,
  closedStages: readStages,
  entries: listCalls,
  history: readHistory,
  unusable: readUnusable,
  knownAnswers,
  answerUsage,
  audit,
  tally,
  setPlanned,
  setLimits,
  spend,
  spendingOf,
  endSpending,
  forgiveForfeits,
  slots: readSlots,
  claimOnce,
  recordOnce,
  forgetOnce,
  gatherBatch,
  sealBatch,
  tryBatch,
  recordBatch,
  batch: readBatch,
  openBatches,
  batchLines,
  closeBatch,
  budget: readBudget,
  summary: summarize,
  setRunStatus,
  run: readRun,
  runs: readRuns,
};

/** Performs one operation inside the transaction of its group. Throws `BaldistillError` `LedgerMismatch`. */
export function perform<K extends OperationName>(
  transaction: LedgerTransaction,
  request: Request<K>,
): Promise<Operations[K]['output']> {
  return performers[request.name](transaction, request.input);
}
