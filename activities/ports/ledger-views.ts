/** What the ledger tells people of a run: its sums, the budget over time, answers that could not be used. */
import type { RunBudget } from './ledger.ts';

export interface LedgerSummary {
  readonly run: string;
  readonly budget: RunBudget;
  readonly calls: CallCounts;
  /** Slots of closed stages filled by repeating a row, for no call. */
  readonly duplicates: number;
  /** Tokens of the calls this run pays; `worst` is what was charged for them before they were sent. */
  readonly tokens: {
    readonly input: number;
    readonly cachedInput: number;
    readonly output: number;
    readonly worst: number;
  };
  readonly money: {
    readonly teacherMicroUsd: number;
    readonly studentMicroUsd: number;
    /** What was charged for all of it before it was sent. */
    readonly worstMicroUsd: number;
    /** Answers of a model without a known price: their cost is not in these sums. */
    readonly unpriced: number;
  };
  readonly unusable: Readonly<Record<string, number>>;
  readonly stages: readonly (SpentPart & { readonly stage: number })[];
  readonly domains: readonly (SpentPart & { readonly domain: string })[];
  /** What was spent on the student, by kind. */
  readonly student: readonly {
    readonly kind: string;
    readonly count: number;
    readonly forfeited: number;
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly microUsd: number;
  }[];
}

export interface CallCounts {
  readonly settled: number;
  readonly cached: number;
  readonly forfeited: number;
  readonly recovered: number;
  readonly refused: number;
  readonly open: number;
}

/** Calls charged to a part of a run, how they stand, and what they cost. */
export interface SpentPart extends Omit<CallCounts, 'refused'> {
  readonly charged: number;
  readonly tokens: number;
  readonly microUsd: number;
}

/** Times are milliseconds since the epoch. `cached`: answered from the ledger; `forfeited`: in doubt, and still charged. */
export interface BudgetHistory {
  readonly points: readonly {
    readonly at: number;
    readonly charged: number;
    readonly limit: number;
    readonly cached: number;
    readonly forfeited: number;
    readonly microUsd: number;
  }[];
  /** When every slot of a stage was decided. */
  readonly stages: readonly { readonly stage: number; readonly at: number }[];
}

export interface UnusableAnswer {
  readonly callId: string;
  readonly stage: number;
  readonly slot: number;
  readonly domain: string;
  readonly reason: string;
  readonly text: string;
}

/** An answer that is there already; tokens are null where the endpoint did not say. */
export interface KnownAnswer {
  readonly contentKey: string;
  /** Who paid. */
  readonly run: string;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly latencyMs: number | null;
}

/** Means over the answers of a kind of call. */
export interface AnswerUsage {
  readonly kind: string;
  readonly count: number;
  readonly outputTokens: number;
  /** Standard deviation of `outputTokens`. */
  readonly deviation: number;
  /** Null where all of them came with batches. */
  readonly latencyMs: number | null;
}
