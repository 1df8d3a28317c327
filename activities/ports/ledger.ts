import type { BatchLedger } from './batch-ledger.ts';
import type { AnswerUsage, BudgetHistory, KnownAnswer, LedgerSummary, UnusableAnswer } from './ledger-views.ts';
import type { Amount, LedgerPin, RunStatus } from '../../contracts/progress.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Limits } from '../../domain/budget/budget.ts';

export type {
  AnswerUsage,
  BudgetHistory,
  CallCounts,
  KnownAnswer,
  LedgerSummary,
  SpentPart,
  UnusableAnswer,
} from './ledger-views.ts';

/**
 * The ledger: sole owner of the budget and of every paid answer. Every method is one durable
 * transaction, grouped with others into one commit. Throws `BaldistillError` `LedgerUnavailable`, `StorageFull`,
 * `LedgerMismatch`.
 */
export interface Ledger extends BatchLedger {
  /** Identity of the ledger and its event counter, which only grows. */
  identity(): Promise<LedgerIdentity>;
  /** Records a run or finds it again; a run that exists keeps its limits and what it is charged. */
  openRun(opening: RunOpening): Promise<RunBudget>;
  /** Throws `LedgerMismatch` when this is not the ledger of `id`, or it is an older copy, or one that went its own way. */
  verify(pinned: LedgerIdentity): Promise<LedgerIdentity>;
  /**
   * Takes this ledger for a run that was charged to another one, or to a later state of this one: raises what it is
   * charged to at least these amounts, the calls as forfeited ones. Not above a limit.
   */
  adopt(run: string, charged: Charged): Promise<{ accepted: boolean; budget: RunBudget; ledger: LedgerIdentity }>;
  /** Asks for one call of one slot: the intent is the reservation. */
  intend(request: IntentRequest): Promise<IntentOutcome>;
  /**
   * Stores an answer and what it cost, null where the endpoint does not say: then the worst case stays charged. A late
   * one of a forfeited call is kept as `recovered`. `above-bound`: settled, and dearer than its worst case; it is
   * charged in full, and later calls of the run are charged with that much more before they are sent. An answer whose
   * reported usage is impossible keeps its worst case charged; the first one of a run is `above-bound` too.
   */
  settle(callId: string, answer: PaidAnswer, cost: AnswerCost | null): Promise<'settled' | 'recovered' | 'above-bound'>;
  /** Gives the charge back: the endpoint definitely did not bill. Whoever is in charge says so: this process, or `batch`. `final` says that the slot will not be asked again. */
  refuse(callId: string, reason: string, options: { final: boolean; batch?: string }): Promise<void>;
  /**
   * The outcome is unknown: the charge stays. `seen` is false for calls found open after a lost worker. A call that an
   * idempotent endpoint still remembers (`idempotencyTtl`) is not given up: the next `intend` sends it again.
   */
  forfeit(
    callId: string,
    reason: string,
    options: { seen: boolean; idempotencyTtl?: IntentRequest['idempotencyTtl']; batch?: string },
  ): Promise<void>;
  /** How a call of another payer stands now. */
  callState(callId: string): Promise<CallState>;
  /** Says why a paid answer could not be used; it stays in the ledger. */
  markUnusable(marks: readonly { readonly callId: string; readonly reason: string }[]): Promise<void>;
  /** Takes such marks back: today's parser can use them. */
  markUsable(callIds: readonly string[]): Promise<void>;
  /** Keeps what a stage was decided from and what came out (references), with the slots filled by repeating a row. */
  recordStage(record: ClosedStageRecord): Promise<void>;
  closedStages(run: string): Promise<readonly ClosedStageRecord[]>;
  /** Every entry of a run, in the order of its slots. */
  entries(run: string): Promise<readonly LedgerEntry[]>;
  /** The budget over time, in about so many points: the first, the last, and some in between. */
  history(run: string, points: number): Promise<BudgetHistory>;
  /** Answers that were paid for and could not be used, at most `each` a reason, the same ones whenever asked. */
  unusable(run: string, each: number): Promise<readonly UnusableAnswer[]>;
  /** Of these content keys, those that are answered, whoever paid; in no order. */
  knownAnswers(contentKeys: readonly string[]): Promise<readonly KnownAnswer[]>;
  /** What the answers that these runs paid were like, by kind of call. */
  answerUsage(runs: readonly string[]): Promise<readonly AnswerUsage[]>;
  /** Holds the tables against each other and against the event log; one sentence a difference. */
  audit(run: string): Promise<readonly string[]>;
  /** What an endpoint should have counted of the calls these runs paid. */
  tally(runs: readonly string[]): Promise<EndpointTally>;
  /** Sets how many planned calls of the run are still to come: unplanned calls may not eat them. */
  setPlanned(run: string, calls: number): Promise<void>;
  /** What became of the slots of a round, in slot order. */
  slots(run: string, stage: number, round: number): Promise<readonly SlotRecord[]>;
  /** Changes limits, all of them or none; refused below what is charged. */
  setLimits(run: string, limits: Limits): Promise<{ accepted: boolean; budget: RunBudget }>;
  /** Reserves money for something that is no teacher call. */
  spend(request: SpendRequest): Promise<SpendOutcome>;
  /** The entry charged under a key, open, settled, or given up with its worker; null where the run has none. */
  spendingOf(run: string, key: string): Promise<string | null>;
  /**
   * Such spending has ended; `cost` null: not known, the worst case stays charged. Repeating it changes nothing. An
   * ended one that is forfeited keeps what it is charged and lets its key go: the next under that key is charged anew.
   */
  endSpending(id: string, end: SpendingEnd): Promise<void>;
  /** Lets a run send again after too many ambiguous ends. */
  forgiveForfeits(run: string): Promise<void>;
  /**
   * Guards a creation that must happen once (a fine-tuning job): the first caller gets `create` and records a value or
   * forgets the key with an empty one; whoever comes in between waits for that, until the signal (whose reason is thrown),
   * and later ones get the stored value.
   */
  claimOnce(key: string, signal?: AbortSignal): Promise<Claim>;
  recordOnce(key: string, value: string): Promise<void>;
  /** Forgets a creation whose object no longer exists at the endpoint. */
  forgetOnce(key: string, value: string): Promise<void>;
  budget(run: string): Promise<RunBudget>;
  summary(run: string): Promise<LedgerSummary>;
  setRunStatus(run: string, status: RunStatus, result: unknown): Promise<void>;
  run(name: string): Promise<RunRecord | undefined>;
  runs(): Promise<readonly RunRecord[]>;
  close(): Promise<void>;
}

export type LedgerIdentity = LedgerPin;

export type Claim = { readonly kind: 'create' } | { readonly kind: 'created'; readonly value: string };

export interface RunOpening {
  readonly run: string;
  readonly spec: RunSpec;
  readonly calls: number;
  /** Limits in tokens and micro-USD; null for none. */
  readonly tokens: number | null;
  readonly microUsd: number | null;
  readonly planned: number;
  readonly maxForfeits: number;
}

/** Counts of calls. `charged` = in flight + settled + forfeited + recovered + cached ones that count. */
export interface RunBudget {
  readonly slots: number;
  readonly limit: number;
  readonly charged: number;
  readonly settled: number;
  readonly forfeited: number;
  readonly tokens: Amount;
  readonly microUsd: Amount;
}

/** Amounts a run was charged, as a person knows them. */
export interface Charged {
  readonly calls: number;
  readonly tokens: number;
  readonly microUsd: number;
}

/** What one answer cost; `microUsd` null where the model has no known price. */
export interface AnswerCost {
  readonly tokens: number;
  readonly microUsd: number | null;
}

export interface SpendRequest {
  readonly run: string;
  readonly kind: 'fine-tune' | 'generate-student';
  /** The same key is charged once while it is open or settled; null for spending that is never asked again. */
  readonly key: string | null;
  readonly worstMicroUsd: number;
}

export type SpendOutcome =
  /** Charged and committed: go ahead. */
  | { readonly kind: 'spend'; readonly id: string }
  /** Charged before under this key. */
  | { readonly kind: 'charged'; readonly id: string }
  /** At the limit, and something in flight may yet give money back: ask again. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'exhausted' };

export type SpendingEnd =
  | {
      readonly state: 'settled';
      readonly cost: { readonly microUsd: number; readonly inputTokens: number; readonly outputTokens: number } | null;
    }
  /** Certainly not billed: given back. */
  | { readonly state: 'refused'; readonly reason: string }
  /** Unknown whether billed: the worst case stays charged. */
  | { readonly state: 'forfeited'; readonly reason: string };

export interface IntentRequest {
  readonly run: string;
  readonly stage: number;
  readonly round: number;
  readonly slot: number;
  readonly domain: string;
  readonly kind: 'annotate' | 'synthesize' | 'verify';
  /** Hash of model, messages, parameters and sample index: never of run, attempt, clock or address. */
  readonly contentKey: string;
  /** A call the plan of the run already counts: one of a stage's first round. */
  readonly planned: boolean;
  readonly cached: 'count' | 'free';
  /** Seconds for which the endpoint deduplicates; null where it is not declared to. */
  readonly idempotencyTtl: number | null;
  /** The most this call may cost; `microUsd` null where the model has no known price. */
  readonly worst: AnswerCost;
  /** The batch that carries the call; absent for one that this process sends itself. */
  readonly batch?: string;
}

export type IntentOutcome =
  /** Charged and committed: send now, with this key as `Idempotency-Key`. `again` repeats a call whose answer was lost. */
  | { readonly kind: 'send'; readonly callId: string; readonly again: boolean }
  /** The answer is already there and is this slot's now. */
  | { readonly kind: 'answered'; readonly callId: string }
  /** A living payer is on it: ask `callState` until it ends, then intend again. */
  | { readonly kind: 'wait'; readonly callId: string }
  /** The limit, or calls planned for later, forbid it, or a batch was told no for good: the slot stays empty. */
  | { readonly kind: 'exhausted'; readonly reason: 'calls' | 'tokens' | 'money' | 'forfeited' | 'refused' }
  /** Too many ambiguous ends without an answer in between: sending stops, the run blocks. */
  | { readonly kind: 'unstable'; readonly forfeits: number };

/** `abandoned`: still open, but its payer is gone; like every state but `intent` it means: intend again. */
export type CallState = 'intent' | 'settled' | 'refused' | 'forfeited' | 'recovered' | 'abandoned';

export interface PaidAnswer {
  readonly text: string;
  readonly finishReason: string;
  /** Null where the endpoint does not say. */
  readonly inputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly outputTokens: number | null;
  /** Null where it came with a batch: what that took says nothing of a call. */
  readonly latencyMs: number | null;
  /** The reported usage where it cannot be used: then the token counts are null. */
  readonly refusedUsage?: RefusedUsage;
}

/** A usage that is no number of tokens. `text`: as it was reported, truncated. */
export interface RefusedUsage {
  readonly text: string;
  /** More tokens than any model reads or writes in one call; else it is negative, fractional or no number. */
  readonly impossible: boolean;
}

/** One slot of a round after its calls: an answer, or why there is none (`reason`: refused text, `calls`, `tokens`, `money`, `forfeited`). */
export interface SlotRecord {
  readonly slot: number;
  readonly callId: string | null;
  readonly answer: PaidAnswer | null;
  readonly reason: string | null;
}

export interface RunRecord {
  readonly name: string;
  readonly spec: RunSpec;
  readonly status: RunStatus;
  readonly limit: number;
  readonly charged: number;
  readonly result: unknown;
  readonly openedAt: string;
}

export interface ClosedStageRecord {
  readonly run: string;
  readonly stage: number;
  readonly duplicated: number;
  /** `CloseStageInput` and `ClosedStage` as JSON. */
  readonly request: string;
  readonly closed: string;
}

/** One charge of a slot and the call behind it. */
export interface LedgerEntry {
  readonly stage: number;
  readonly round: number;
  readonly slot: number;
  readonly attempt: number;
  readonly domain: string;
  readonly kind: string;
  readonly callId: string | null;
  /** The run that pays; another one where the answer came from the cache. */
  readonly payer: string | null;
  readonly role: 'payer' | 'cached';
  readonly state: string;
  readonly reason: string | null;
  readonly charged: number;
  readonly tokens: number;
  readonly microUsd: number;
  readonly finishReason: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly latencyMs: number | null;
  readonly unusable: string | null;
}

/** `uncertain`: may be billed or not. `sentAgain`: sent under the same key, billed again only by an endpoint that ignores it. */
export interface EndpointTally {
  readonly answered: number;
  readonly uncertain: number;
  readonly sentAgain: number;
}
