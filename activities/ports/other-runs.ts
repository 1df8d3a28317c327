import type { Blocked } from '../../contracts/progress.ts';

/** The state of a run at the engine. `failure`: what ended it abnormally. */
export type RunSnapshot =
  | { readonly kind: 'open'; readonly blocked: Blocked | null }
  | { readonly kind: 'closed'; readonly failure: string | null }
  | { readonly kind: 'unknown' };

/** The runs at the engine as one of them may see the others. */
export interface OtherRuns {
  /** One look; undefined where a run that is going on does not answer now. */
  snapshot(run: string): Promise<RunSnapshot | undefined>;
  /** Says it to a run; does nothing where it is over or refuses, since it is not in such a state any more. */
  steer(run: string, action: 'pause' | 'resume' | 'cancel'): Promise<void>;
}
