import type { Blocked } from '../../contracts/progress.ts';

/** The state of a run at the engine. `failure`: what ended it abnormally. */
export type RunSnapshot =
  | { readonly kind: 'open'; readonly blocked: Blocked | null }
  | { readonly kind: 'closed'; readonly failure: string | null }
  | { readonly kind: 'unknown' };

/** Access from one run to other runs of the namespace. */
export interface OtherRuns {
  /** The current state; undefined if a running run does not answer now. */
  snapshot(run: string): Promise<RunSnapshot | undefined>;
  /** Sends a command to a run; does nothing if the run has closed or refuses it. */
  steer(run: string, action: 'pause' | 'resume' | 'cancel'): Promise<void>;
}
