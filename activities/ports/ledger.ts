import type { BatchLedger } from './batch-ledger.ts';
import type {
  AnswerUsage,
  BudgetHistory,
  EndpointTally,
  KnownAnswer,
  LedgerEntry,
  LedgerSummary,
  UnusableAnswer,
} from './ledger-views.ts';
import type { Amount, LedgerPin, RunStatus } from '../../contracts/progress.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Limits } from '../../domain/budget/budget.ts';

export type {
  AnswerUsage,
  BudgetHistory,
  CallCounts,
  EndpointTally,
  KnownAnswer,
  LedgerEntry,
  LedgerSummary,
  SpentPart,
  UnusableAnswer,
} from './ledger-views.ts';

/**
 * The ledger owns the budget and every paid answer. Each method takes one object and is one durable transaction; the
 * ledger commits several together. Throws `BaldistillError` `LedgerUnavailable`, `StorageFull`, `LedgerMismatch`.
 */
export interface Ledger extends BatchLedger {
  /** Identity of the ledger and its event counter, which only grows. */
  identity(): Promise<LedgerIdentity>;
  /** Records a run or finds it again; a run that exists keeps its limits and what it is charged. */
  openRun(opening: RunOpening): Promise<RunBudget>;
  /** Throws `LedgerMismatch` for another ledger, for an older copy, and for a copy that went on by itself. */
  verify(pinned: LedgerIdentity): Promise<LedgerIdentity>;
  /**
   * Takes this ledger for a run that was charged to another ledger or to a later state of this one: raises what the run
   * is charged to at least these amounts, the calls as forfeited ones. Not above a limit.
   */
  adopt(adoption: RunKey & { readonly charged: Charged }): Promise<LimitsOutcome & { readonly ledger: LedgerIdentity }>;
  /** Requests one call of one slot: the intent is the reservation. */
  intend(request: IntentRequest): Promise<IntentOutcome>;
  /**
   * Stores an answer and its cost. Where the endpoint reports no cost (null), the worst case stays charged. A late answer
   * of a forfeited call is kept as `recovered`. `above-bound`: settled, but it cost more than its worst case; it is charged
   * in full, and later calls of the run reserve that much more. An answer whose reported usage is impossible keeps its
   * worst case charged; the first one of a run is `above-bound` too.
   */
  settle(settlement: Settlement): Promise<SettleOutcome>;
  /** Gives the charge back: the endpoint definitely did not bill. `final`: the slot will not be reissued. */
  refuse(refusal: CallEnd & { readonly final: boolean }): Promise<void>;
  /**
   * The outcome is unknown: the charge stays. `seen` is false for calls that a dead process left open. A call that an
   * idempotent endpoint still remembers (`idempotencyTtl`) stays open: the next `intend` resends it.
   */
  forfeit(end: CallEnd & { readonly seen: boolean; readonly idempotencyTtl?: number | null }): Promise<void>;
  /** The current state of another payer's call. */
  callState(call: CallKey): Promise<CallState>;
  /** Records why paid answers could not be used; they stay in the ledger. */
  markUnusable(change: { readonly marks: readonly (CallKey & { readonly reason: string })[] }): Promise<void>;
  /** Removes such marks: the current parser can read these answers. */
  markUsable(change: { readonly callIds: readonly string[] }): Promise<void>;
  /** Keeps the input and output of a stage's decisions (references), and how many slots repeat a row. */
  recordStage(record: ClosedStageRecord): Promise<void>;
  closedStages(run: RunKey): Promise<readonly ClosedStageRecord[]>;
  /** Every entry of a run, in the order of its slots. */
  entries(run: RunKey): Promise<readonly LedgerEntry[]>;
  /** The budget over time in about this many points: the first, the last, and some in between. */
  history(query: RunKey & { readonly points: number }): Promise<BudgetHistory>;
  /** Paid answers that could not be used: at most `each` per reason, the same ones every time. */
  unusable(query: RunKey & { readonly each: number }): Promise<readonly UnusableAnswer[]>;
  /** Which of these content keys are answered, whoever paid; in no order. */
  knownAnswers(query: { readonly contentKeys: readonly string[] }): Promise<readonly KnownAnswer[]>;
  /** Mean length and latency of the answers that these runs paid, by kind of call. */
  answerUsage(query: RunsKey): Promise<readonly AnswerUsage[]>;
  /** Checks the tables against each other and against the event log; one sentence per difference. */
  audit(run: RunKey): Promise<readonly string[]>;
  /** What an endpoint should have counted of the calls these runs paid. */
  tally(query: RunsKey): Promise<EndpointTally>;
  /** Sets how many planned calls of the run are still to come: unplanned calls may not use them. */
  setPlanned(plan: RunKey & { readonly calls: number }): Promise<void>;
  /** The outcome of each slot of a round, in slot order. */
  slots(round: RoundKey): Promise<readonly SlotRecord[]>;
  /** Changes limits, all of them or none; refused below what is charged. */
  setLimits(change: RunKey & { readonly limits: Limits }): Promise<LimitsOutcome>;
  /** Reserves money for something other than a teacher call. */
  spend(request: SpendRequest): Promise<SpendOutcome>;
  /** The entry charged under a key: open, settled, or forfeited because its worker died; null where there is none. */
  spendingOf(key: RunKey & { readonly key: string }): Promise<string | null>;
  /**
   * Ends an entry; where its cost is null, the worst case stays charged. Repeating this changes nothing. Forfeiting an
   * entry that has ended keeps its charge and frees its key: the next entry under that key is charged again.
   */
  endSpending(change: { readonly id: string; readonly end: SpendingEnd }): Promise<void>;
  /** Lets a run send again after too many unknown outcomes. */
  forgiveForfeits(run: RunKey): Promise<void>;
  /**
   * Guards a creation that must happen once (a fine-tuning job). The first caller gets `create` and then records a value,
   * or forgets the key with an empty value. Other callers wait for that, until the signal aborts (its reason is thrown);
   * later callers get the stored value.
   */
  claimOnce(claim: { readonly key: string; readonly signal?: AbortSignal | undefined }): Promise<Claim>;
  recordOnce(record: OnceRecord): Promise<void>;
  /** Forgets a creation whose object no longer exists at the endpoint. */
  forgetOnce(record: OnceRecord): Promise<void>;
  budget(run: RunKey): Promise<RunBudget>;
  summary(run: RunKey): Promise<LedgerSummary>;
  setRunStatus(change: RunKey & { readonly status: RunStatus; readonly result: unknown }): Promise<void>;
  run(run: RunKey): Promise<RunRecord | undefined>;
  /** In the order they were opened. */
  runs(): Promise<readonly RunRecord[]>;
  close(): Promise<void>;
}

export interface RunKey {
  readonly run: string;
}

export interface RunsKey {
  readonly runs: readonly string[];
}

export interface RoundKey extends RunKey {
  readonly stage: number;
  readonly round: number;
}

export interface CallKey {
  readonly callId: string;
}

export type LedgerIdentity = LedgerPin;

export type Claim = { readonly kind: 'create' } | { readonly kind: 'created'; readonly value: string };

export interface OnceRecord {
  readonly key: string;
  readonly value: string;
}

export interface RunOpening extends RunKey {
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

export interface LimitsOutcome {
  readonly accepted: boolean;
  readonly budget: RunBudget;
}

/** Amounts a run was charged, as a person reports them. */
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

export interface Settlement extends CallKey {
  readonly answer: PaidAnswer;
  readonly cost: AnswerCost | null;
}

export type SettleOutcome = 'settled' | 'recovered' | 'above-bound';

/** How a call ended without an answer. Only its owner may end it: this process, or `batch` where one carries the call. */
export interface CallEnd extends CallKey {
  readonly reason: string;
  readonly batch?: string | undefined;
}

export interface SpendRequest extends RunKey {
  readonly kind: 'fine-tune' | 'generate-student';
  /** The same key is charged once while it is open or settled; null for spending that is never repeated. */
  readonly key: string | null;
  readonly worstMicroUsd: number;
}

export type SpendOutcome =
  /** Charged and committed: go ahead. */
  | { readonly kind: 'spend'; readonly id: string }
  /** Charged before under this key. */
  | { readonly kind: 'charged'; readonly id: string }
  /** At the limit, but something in flight may give money back: retry. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'exhausted' };

export type SpendingEnd =
  | {
      readonly state: 'settled';
      readonly cost: { readonly microUsd: number; readonly inputTokens: number; readonly outputTokens: number } | null;
    }
  /** Definitely not billed: the charge is given back. */
  | { readonly state: 'refused'; readonly reason: string }
  /** Unknown whether billed: the worst case stays charged. */
  | { readonly state: 'forfeited'; readonly reason: string };

export interface IntentRequest extends RoundKey {
  readonly slot: number;
  readonly domain: string;
  readonly kind: 'annotate' | 'synthesize' | 'verify';
  /** Hash of model, messages, parameters and sample index, and of nothing else. */
  readonly contentKey: string;
  /** The plan of the run already counts this call: it belongs to a stage's first round. */
  readonly planned: boolean;
  readonly cached: 'count' | 'free';
  /** Seconds for which the endpoint deduplicates; null where the run file declares none. */
  readonly idempotencyTtl: number | null;
  /** The most this call may cost; `microUsd` null where the model has no known price. */
  readonly worst: AnswerCost;
  /** The batch that carries the call; absent where this process sends it. */
  readonly batch?: string;
}

export type IntentOutcome =
  /** Charged and committed: send now, with this key as `Idempotency-Key`. `again`: resends a call whose outcome is unknown. */
  | { readonly kind: 'send'; readonly callId: string; readonly again: boolean }
  /** The call was answered before; the slot now has that answer. */
  | { readonly kind: 'answered'; readonly callId: string }
  /** A living payer is sending this call: ask `callState` until it ends, then intend again. */
  | { readonly kind: 'wait'; readonly callId: string }
  /** The limit or the plan forbids the call, or a batch was refused for good: the slot stays empty. */
  | { readonly kind: 'exhausted'; readonly reason: 'calls' | 'tokens' | 'money' | 'forfeited' | 'refused' }
  /** Too many unknown outcomes without an answer in between: sending stops, the run blocks. */
  | { readonly kind: 'unstable'; readonly forfeits: number };

/** `abandoned`: still open, but its payer is dead. Every state but `intent` means: intend again. */
export type CallState = 'intent' | 'settled' | 'refused' | 'forfeited' | 'recovered' | 'abandoned';

export interface PaidAnswer {
  readonly text: string;
  readonly finishReason: string;
  /** Null where the endpoint does not report it. */
  readonly inputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly outputTokens: number | null;
  /** Null for an answer of a batch: the duration of a batch is not the latency of a call. */
  readonly latencyMs: number | null;
  /** The reported usage where it cannot be used; the token counts are null then. */
  readonly refusedUsage?: RefusedUsage;
}

/** A reported usage that is not a number of tokens. `text`: as reported, truncated. */
export interface RefusedUsage {
  readonly text: string;
  /** More tokens than any model reads or writes in one call; otherwise it is negative, fractional or not a number. */
  readonly impossible: boolean;
}

/** One slot of a round after its calls. `reason` is why it has no answer: the refusal, `calls`, `tokens`, `money`, `forfeited`. */
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

export interface ClosedStageRecord extends RunKey {
  readonly stage: number;
  readonly duplicated: number;
  /** `CloseStageInput` and `ClosedStage` as JSON. */
  readonly request: string;
  readonly closed: string;
}
