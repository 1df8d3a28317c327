/** What crosses between the ledger's thread and the rest of the process: plain data, in batches. */
import type {
  AnswerCost,
  AnswerUsage,
  BudgetHistory,
  CallState,
  ClosedStageRecord,
  EndpointTally,
  LedgerEntry,
  Charged,
  IntentOutcome,
  IntentRequest,
  KnownAnswer,
  LedgerIdentity,
  LedgerSummary,
  PaidAnswer,
  RunBudget,
  RunOpening,
  SlotRecord,
  SpendingEnd,
  SpendOutcome,
  SpendRequest,
  UnusableAnswer,
} from '../../../activities/ports/ledger.ts';
import type { BatchLine, BatchRecord, BatchRound } from '../../../activities/ports/batch-ledger.ts';
import type { ArtifactRef } from '../../../contracts/artifact.ts';
import type { RunStatus } from '../../../contracts/progress.ts';
import type { Limits } from '../../../domain/budget/budget.ts';
import type { FailureType } from '../../../domain/failures.ts';

export type { ClosedStageRecord };

/** A run as stored: spec and result still text, parsed where they are used. */
export interface StoredRun {
  readonly name: string;
  readonly spec: string;
  readonly status: string;
  readonly limit: number;
  readonly charged: number;
  readonly result: string | null;
  readonly openedAt: number;
}

export type ClaimOutcome = { readonly kind: 'create' | 'held' } | { readonly kind: 'created'; readonly value: string };

export interface Operations {
  identity: { input: null; output: LedgerIdentity };
  openRun: {
    input: Omit<RunOpening, 'spec'> & { spec: string; slots: number };
    output: RunBudget;
  };
  verify: { input: LedgerIdentity; output: LedgerIdentity };
  adopt: {
    input: { run: string; charged: Charged };
    output: { accepted: boolean; budget: RunBudget; ledger: LedgerIdentity };
  };
  intend: { input: IntentRequest; output: IntentOutcome };
  settle: {
    input: { callId: string; answer: PaidAnswer; cost: AnswerCost | null };
    output: 'settled' | 'recovered' | 'above-bound';
  };
  refuse: { input: { callId: string; reason: string; final: boolean; batch?: string | undefined }; output: null };
  forfeit: {
    input: { callId: string; reason: string; seen: boolean; idempotencyTtl: number | null; batch?: string | undefined };
    output: null;
  };
  callState: { input: { callId: string }; output: CallState };
  markUnusable: { input: readonly { readonly callId: string; readonly reason: string }[]; output: null };
  markUsable: { input: readonly string[]; output: null };
  recordStage: { input: ClosedStageRecord; output: null };
  closedStages: { input: { run: string }; output: readonly ClosedStageRecord[] };
  entries: { input: { run: string }; output: readonly LedgerEntry[] };
  history: { input: { run: string; points: number }; output: BudgetHistory };
  unusable: { input: { run: string; each: number }; output: readonly UnusableAnswer[] };
  knownAnswers: { input: { contentKeys: readonly string[] }; output: readonly KnownAnswer[] };
  answerUsage: { input: { runs: readonly string[] }; output: readonly AnswerUsage[] };
  audit: { input: { run: string }; output: readonly string[] };
  tally: { input: { runs: readonly string[] }; output: EndpointTally };
  setPlanned: { input: { run: string; calls: number }; output: null };
  slots: { input: { run: string; stage: number; round: number }; output: readonly SlotRecord[] };
  setLimits: { input: { run: string; limits: Limits }; output: { accepted: boolean; budget: RunBudget } };
  spend: { input: SpendRequest; output: SpendOutcome };
  spendingOf: { input: { run: string; key: string }; output: string | null };
  endSpending: { input: { id: string; end: SpendingEnd }; output: null };
  forgiveForfeits: { input: { run: string }; output: null };
  claimOnce: { input: { key: string }; output: ClaimOutcome };
  recordOnce: { input: { key: string; value: string }; output: null };
  forgetOnce: { input: { key: string; value: string }; output: null };
  gatherBatch: { input: BatchRound; output: BatchRecord };
  sealBatch: { input: { id: string; file: ArtifactRef; lines: number; tokens: number }; output: null };
  tryBatch: { input: { id: string; triedAt: number | null }; output: boolean };
  recordBatch: { input: { id: string; remote: string }; output: null };
  batch: { input: { id: string }; output: BatchRecord };
  openBatches: { input: { run: string }; output: readonly BatchRecord[] };
  batchLines: { input: { id: string }; output: readonly BatchLine[] };
  closeBatch: { input: { id: string }; output: null };
  budget: { input: { run: string }; output: RunBudget };
  summary: { input: { run: string }; output: LedgerSummary };
  setRunStatus: { input: { run: string; status: RunStatus; result: string | null }; output: null };
  run: { input: { name: string }; output: StoredRun | null };
  runs: { input: null; output: readonly StoredRun[] };
  /** Says that this session lives; the thread sends it to itself. */
  beat: { input: null; output: null };
  /** Ends the session: its open intents are nobody's from here on. */
  close: { input: null; output: null };
}

export type OperationName = keyof Operations;

export interface Request<K extends OperationName = OperationName> {
  readonly id: number;
  readonly name: K;
  readonly input: Operations[K]['input'];
}

/** What the thread is started with. */
export interface ThreadData {
  readonly path: string;
  readonly session: string;
}

/** A batch of requests, or the end of the thread. */
export type ToThread = readonly Request[] | 'end';

/** An error as data; `type` is null for a bug. */
export interface ThrownData {
  readonly type: FailureType | null;
  readonly message: string;
}

export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: ThrownData };

/** `ready` or `failed` once, then replies. */
export type ThreadMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: ThrownData }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] };
