import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import type { Artifacts } from './artifacts.ts';
import type { BatchEndpoint } from './batch-endpoint.ts';
import type { Ledger } from './ledger.ts';
import type { StudentAddress } from '../../contracts/signed/signed-command.ts';
import type { Limiter } from './limiter.ts';
import type { OtherRuns } from './other-runs.ts';
import type { Owner } from './owner.ts';
import type { Student } from './student.ts';
import type { Teacher } from './teacher.ts';

/** Everything the activities use. The worker builds it once; tests replace parts of it. */
export interface World {
  /** Identifies this worker among those of a run. */
  readonly worker: string;
  readonly artifacts: Artifacts;
  readonly ledger: Ledger;
  readonly owner: Owner;
  /** The teacher of a run; clients are cached. Throws `BaldistillError` if the API key is not set. */
  teacher(spec: RunSpec): Teacher;
  /** The Batch API of the same teacher. */
  batches(spec: RunSpec): BatchEndpoint;
  /**
   * The student of a run, at `address` if given; null for `driver: none`. Throws `BaldistillError` `NotOurs` for an
   * address that the owner did not sign for this run, because the API key would be sent there.
   */
  student(spec: RunSpec, address: StudentAddress | null): Student | null;
  /** The limiter of the run's teacher endpoint, one per endpoint and worker. */
  limiter(spec: RunSpec): Limiter;
  prepare(spec: RunSpec): Promise<Prepared>;
  /** Folder of a run's outputs. */
  runFolder(run: string): string;
  /** Folder of a comparison's outputs. */
  comparisonFolder(name: string): string;
  /** Aborted when the worker shuts down: slices start no new call. */
  readonly draining: AbortSignal;
  /** Cancels a workflow and waits until it is closed. */
  awaitClosed(workflowId: string): Promise<void>;
  readonly runs: OtherRuns;
}
