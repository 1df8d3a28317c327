import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { CallState, RoundKey, RunKey } from './ledger.ts';

/**
 * Batches in the ledger. The calls of a batch are ordinary intents, charged and settled like all others, but the batch
 * owns them, not the process that recorded them: they outlive a worker.
 *
 * `gathering`: calls join it. `sealed`: its file is written, no call joins. `closed`: each call has ended.
 */
export interface BatchLedger {
  /** The batch of the round that is being gathered, or a new one. */
  gatherBatch(round: RoundKey): Promise<BatchRecord>;
  /** Ends the gathering. Throws where the ledger has more or fewer calls in it than `lines`: another process gathers it too. */
  sealBatch(
    seal: BatchKey & { readonly file: ArtifactRef; readonly lines: number; readonly tokens: number },
  ): Promise<void>;
  /**
   * Announces that the batch will be created at the endpoint. True for the caller whose `triedAt` is still current. Every
   * other caller has to list the endpoint's batches first: an earlier attempt may have succeeded.
   */
  tryBatch(attempt: BatchKey & { readonly triedAt: number | null }): Promise<boolean>;
  /** Keeps the endpoint's name of the batch; the first one stays. */
  recordBatch(created: BatchKey & { readonly remote: string }): Promise<void>;
  batch(batch: BatchKey): Promise<BatchRecord>;
  /** The batches of a run that are not closed, oldest first. This also renews their leases. */
  openBatches(run: RunKey): Promise<readonly BatchRecord[]>;
  batchLines(batch: BatchKey): Promise<readonly BatchLine[]>;
  /** Throws while one of its calls is open. */
  closeBatch(batch: BatchKey): Promise<void>;
}

export interface BatchKey {
  readonly id: string;
}

export interface BatchRecord extends RoundKey {
  /** Also the key under which the endpoint is asked to create it. */
  readonly id: string;
  readonly state: 'gathering' | 'sealed' | 'closed';
  readonly lines: number;
  /** Input tokens, estimated. */
  readonly tokens: number;
  /** The uploaded file; null while the batch is gathered. */
  readonly file: ArtifactRef | null;
  /** When its creation was last tried; milliseconds since the epoch. */
  readonly triedAt: number | null;
  readonly remote: string | null;
  readonly openedAt: number;
}

export interface BatchLine {
  readonly callId: string;
  readonly state: CallState;
}
