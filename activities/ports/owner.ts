/** The owner of a home, known to workers by the keys that sign runs and commands and by the granted permissions. */
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Signature } from '../../contracts/signed/signature.ts';
import type { SignedRun, Statement } from '../../contracts/signed/signed-run.ts';

export interface Owner {
  /** Stores the spec as an artifact and signs a reference to it. Writes to the artifact store. */
  signRun(spec: RunSpec): Promise<SignedRun>;
  /**
   * The spec of a signed run. Throws `BaldistillError`: `NotOurs` if no key of this machine made the signature,
   * `NotPermitted` if the spec needs a command, a data file or a key variable that this machine does not permit.
   */
  openRun(run: SignedRun): Promise<RunSpec>;
  /** Signs with the newest key. */
  sign(statement: Statement): Signature;
  /** Throws `BaldistillError` `NotOurs` if no key of this machine made this signature for this statement. */
  verify(statement: Statement, signature: Signature): void;
}
