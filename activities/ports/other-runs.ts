import type { Blocked } from '../../contracts/progress.ts';

/** How a run stands at the engine. `failure`: what ended it, where it did not end by itself. */
export type RunLook =
  | { readonly kind: 'open'; readonly blocked: Blocked | null }
  | { readonly kind: 'closed'; readonly failure: string | null }
  | { readonly kind: 'unknown' };

/** The runs at the engine as one of them may see the others. */
export interface OtherRuns {
  /** One look; undefined where a run that is going on does not answer now. */
  look(run: string): Promise<RunLook | undefined>;
  /** Says it to a run; does nothing where it is over or refuses, since it is not in such a state any more. */
  steer(run: string, action: 'pause' | 'resume' | 'cancel'): Promise<void>;
}
