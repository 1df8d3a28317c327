/** What reports and commands show of a run: its sums, the budget over time, answers that could not be used. */
import type { RunBudget } from './ledger.ts';

export interface LedgerSummary {
  readonly run: string;
  readonly budget: RunBudget;
  readonly calls: CallCounts;
  /** Slots of closed stages that repeat a row without a call. */
  readonly duplicates: number;
  /** Tokens of the calls this run pays; `worst` is what was reserved for them. */
  readonly tokens: {
    readonly input: number;
    readonly cachedInput: number;
    readonly output: number;
    readonly worst: number;
  };
  readonly money: {
    readonly teacherMicroUsd: number;
    readonly studentMicroUsd: number;
    /** What was reserved for all of it. */
    readonly worstMicroUsd: number;
    /** Answers of a model whose price is unknown: these sums do not include their cost. */
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

/** Calls charged to a part of a run, by state, and their cost. */
export interface SpentPart extends Omit<CallCounts, 'refused'> {
  readonly charged: number;
  readonly tokens: number;
  readonly microUsd: number;
}

/** Times are milliseconds since the epoch. `cached`: answered from the ledger; `forfeited`: outcome unknown, still charged. */
export interface BudgetHistory {
  readonly points: readonly {
    readonly at: number;
    readonly charged: number;
    readonly limit: number;
    readonly cached: number;
    readonly forfeited: number;
    readonly microUsd: number;
  }[];
  /** When a stage was closed. */
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

/** A stored answer; tokens are null where the endpoint did not report them. */
export interface KnownAnswer {
  readonly contentKey: string;
  /** The run that paid. */
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
  /** Null where all of them are answers of batches. */
  readonly latencyMs: number | null;
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
  /** The run that pays; another run where the answer came from the cache. */
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

/** `uncertain`: unknown whether billed. `sentAgain`: resent under the same key, billed twice only where that is ignored. */
export interface EndpointTally {
  readonly answered: number;
  readonly uncertain: number;
  readonly sentAgain: number;
}
