import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { CallState } from './ledger.ts';

/**
 * Batches in the ledger. The calls a batch carries are ordinary intents, charged and settled like all others; only their
 * life hangs on the batch, not on the process that wrote them down: a worker that dies loses none of them.
 *
 * `gathering`: calls join it. `sealed`: its file is written, nothing joins any more. `closed`: each call has ended.
 */
export interface BatchLedger {
  /** The batch that is being gathered for a round, or a new one. */
  gatherBatch(round: BatchRound): Promise<BatchRecord>;
  /** Ends the gathering. Throws where the ledger has other calls in it than `lines`: another process gathers it too. */
  sealBatch(id: string, sealed: { file: ArtifactRef; lines: number; tokens: number }): Promise<void>;
  /**
   * Says that the batch is about to be created at the endpoint; true for the one whose `triedAt` is still the last word.
   * Everybody else has to look there first: what was tried may have succeeded.
   */
  tryBatch(id: string, triedAt: number | null): Promise<boolean>;
  /** Keeps the endpoint's name of the batch; the first one stays. */
  recordBatch(id: string, remote: string): Promise<void>;
  batch(id: string): Promise<BatchRecord>;
  /** Those of a run that are not closed, oldest first. Asking says that their run lives, and so do they. */
  openBatches(run: string): Promise<readonly BatchRecord[]>;
  batchLines(id: string): Promise<readonly BatchLine[]>;
  /** Throws while a call of the batch is open. Repeating it changes nothing. */
  closeBatch(id: string): Promise<void>;
}

export interface BatchRound {
  readonly run: string;
  readonly stage: number;
  readonly round: number;
}

export interface BatchRecord extends BatchRound {
  /** Also the key under which the endpoint is asked for it. */
  readonly id: string;
  readonly state: 'gathering' | 'sealed' | 'closed';
  readonly lines: number;
  /** Input tokens, estimated. */
  readonly tokens: number;
  /** What is uploaded; null while it is gathered. */
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
