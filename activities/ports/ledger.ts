import type { LedgerPin, RunStatus } from '../../contracts/progress.ts';
import type { RunSpec } from '../../contracts/run-file.ts';

/**
 * The ledger: sole owner of the budget and of every paid answer (DESIGN section 4). Every method is one durable
 * transaction, grouped with others into one commit. Throws `BaldistillError` `LedgerUnavailable`, `StorageFull`,
 * `LedgerMismatch`.
 */
export interface Ledger {
  /** Identity of the ledger and its event counter, which only grows. */
  identity(): Promise<LedgerIdentity>;
  /** Records a run or finds it again; a run that exists keeps its limits and what it is charged. */
  openRun(opening: RunOpening): Promise<RunBudget>;
  /** Throws `LedgerMismatch` when this is not the ledger of `id`, or it is an older copy, or one that went its own way. */
  verify(pinned: LedgerIdentity): Promise<LedgerIdentity>;
  /**
   * Takes this ledger for a run that was charged to another one, or to a later state of this one: raises what it is
   * charged to at least `charged` calls, as forfeited ones. Not above the limit.
   */
  adopt(run: string, charged: number): Promise<{ accepted: boolean; budget: RunBudget; ledger: LedgerIdentity }>;
  /** Asks for one call of one slot: the intent is the reservation. */
  intend(request: IntentRequest): Promise<IntentOutcome>;
  /** Stores an answer; a late one of a forfeited call is kept as `recovered`. */
  settle(callId: string, answer: PaidAnswer): Promise<'settled' | 'recovered'>;
  /** Gives the charge back: the endpoint definitely did not bill. `final` says that the slot will not be asked again. */
  refuse(callId: string, reason: string, options: { final: boolean }): Promise<void>;
  /**
   * The outcome is unknown: the charge stays. `seen` is false for calls found open after a lost worker. A call that an
   * idempotent endpoint still remembers (`idempotencyTtl`) is not given up: the next `intend` sends it again.
   */
  forfeit(
    callId: string,
    reason: string,
    options: { seen: boolean; idempotencyTtl?: IntentRequest['idempotencyTtl'] },
  ): Promise<void>;
  /** How a call of another payer stands now. */
  callState(callId: string): Promise<CallState>;
  /** Says why a paid answer could not be used; it stays in the ledger. */
  markUnusable(marks: readonly { readonly callId: string; readonly reason: string }[]): Promise<void>;
  /** Sets how many planned calls of the run are still to come: unplanned calls may not eat them. */
  setPlanned(run: string, calls: number): Promise<void>;
  /** What became of the slots of a round, in slot order. */
  slots(run: string, stage: number, round: number): Promise<readonly SlotRecord[]>;
  /** Changes the call limit; refused below what is charged. */
  setCallLimit(run: string, calls: number): Promise<{ accepted: boolean; budget: RunBudget }>;
  /** Lets a run send again after too many ambiguous ends. */
  forgiveForfeits(run: string): Promise<void>;
  /** Guards a creation that must happen once (a fine-tuning job): the first caller gets `create`, later ones the stored value. */
  claimOnce(key: string): Promise<{ kind: 'create' } | { kind: 'created'; value: string }>;
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

export interface RunOpening {
  readonly run: string;
  readonly spec: RunSpec;
  readonly calls: number;
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
}

export interface IntentRequest {
  readonly run: string;
  readonly stage: number;
  readonly round: number;
  readonly slot: number;
  readonly domain: string;
  readonly kind: 'annotate' | 'synthesise';
  /** Hash of model, messages, parameters and sample index: never of run, attempt, clock or address. */
  readonly contentKey: string;
  /** A call the plan of the run already counts; refills are not. */
  readonly planned: boolean;
  readonly cached: 'count' | 'free';
  /** Seconds for which the endpoint deduplicates; null where it is not declared to. */
  readonly idempotencyTtl: number | null;
}

export type IntentOutcome =
  /** Charged and committed: send now, with this key as `Idempotency-Key`. `again` repeats a call whose answer was lost. */
  | { readonly kind: 'send'; readonly callId: string; readonly again: boolean }
  /** The answer is already there and is this slot's now. */
  | { readonly kind: 'answered'; readonly callId: string }
  /** A living payer is on it: ask `callState` until it ends, then intend again. */
  | { readonly kind: 'wait'; readonly callId: string }
  /** The limit, or calls planned for later, forbid it: the slot stays empty. */
  | { readonly kind: 'exhausted'; readonly reason: 'calls' | 'forfeited' }
  /** Too many ambiguous ends without an answer in between: sending stops, the run blocks. */
  | { readonly kind: 'unstable'; readonly forfeits: number };

/** `abandoned`: still open, but its payer is gone; like every state but `intent` it means: intend again. */
export type CallState = 'intent' | 'settled' | 'refused' | 'forfeited' | 'recovered' | 'abandoned';

export interface PaidAnswer {
  readonly text: string;
  readonly finishReason: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly latencyMs: number;
}

/** One slot of a round after its calls: an answer, or why there is none (`reason`: refused text, `calls`, `forfeited`). */
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

export interface LedgerSummary {
  readonly run: string;
  readonly budget: RunBudget;
  readonly calls: {
    readonly settled: number;
    readonly cached: number;
    readonly forfeited: number;
    readonly recovered: number;
    readonly refused: number;
    readonly open: number;
  };
  readonly tokens: { readonly input: number; readonly output: number };
  readonly unusable: Readonly<Record<string, number>>;
  readonly stages: readonly { readonly stage: number; readonly charged: number; readonly forfeited: number }[];
  readonly domains: readonly { readonly domain: string; readonly charged: number }[];
}
