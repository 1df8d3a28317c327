/** Types only: the ledger's operations, derived from its port, and the messages that carry them to its thread. */
import type { Ledger, RunKey } from '../../activities/ports/ledger.ts';
import type { FailureType } from '../../domain/failures.ts';
import type { LedgerTransaction } from './transaction.ts';

/** A stored run: `spec` and `result` are JSON, parsed outside the thread (run-record.ts). */
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

/** The port's methods as the thread performs them. Claims wait outside (claims.ts); two operations are the ledger's own. */
export interface Operations extends Omit<Ledger, 'claimOnce' | 'run' | 'runs' | 'close'> {
  claimOnce(claim: { readonly key: string }): Promise<ClaimOutcome>;
  run(run: RunKey): Promise<StoredRun | undefined>;
  runs(): Promise<readonly StoredRun[]>;
  /** Renews the lease of this session. */
  beat(): Promise<void>;
  /** Ends this session: it owns no call from here on. */
  endSession(): Promise<void>;
}

export type OperationName = keyof Operations;
export type Input<K extends OperationName> = Parameters<Operations[K]>[0];
export type Output<K extends OperationName> = Awaited<ReturnType<Operations[K]>>;

/** Performs a method of the port inside a transaction. */
export type Operation<K extends OperationName> = (
  transaction: LedgerTransaction,
  input: Input<K>,
) => Promise<Output<K>>;

export interface Request<K extends OperationName = OperationName> {
  /** 0 where no caller waits for the reply. */
  readonly id: number;
  readonly name: K;
  readonly input: Input<K>;
}

/** An error as data; `type` is null for a bug. */
export interface ThrownData {
  readonly type: FailureType | null;
  readonly message: string;
}

export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: ThrownData };

/** What the thread is started with. */
export interface ThreadData {
  readonly path: string;
  readonly session: string;
}

export type ToThread = readonly Request[] | 'end';

/** `ready` (with the names of the operations) or `failed` once, then replies. */
export type FromThread =
  | { readonly kind: 'ready'; readonly operations: readonly OperationName[] }
  | { readonly kind: 'failed'; readonly error: ThrownData }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] };
