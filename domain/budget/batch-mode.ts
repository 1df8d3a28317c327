/** Whether a round of calls goes by batch. */

/** Hours an endpoint takes for a batch at most. */
const batchWindowHours = 24;

export interface Sending {
  readonly mode: 'sync' | 'batch' | 'auto';
  /** The least calls for which `auto` chooses batches. */
  readonly minimum: number;
  /** Hours from the run's start within which `auto` wants all stages done; undefined: it does not matter. */
  readonly deadlineHours: number | undefined;
}

export interface RoundAhead {
  readonly calls: number;
  /** Whether the endpoint takes batches. */
  readonly possible: boolean;
  readonly hoursSinceStart: number;
  /** Stages not done yet, this one included: each is reckoned with one whole window. */
  readonly stagesLeft: number;
}

export function goesByBatch({ mode, minimum, deadlineHours }: Sending, round: RoundAhead): boolean {
  if (mode !== 'auto') return mode === 'batch';
  if (!round.possible || round.calls < minimum) return false;
  const latest = round.hoursSinceStart + batchWindowHours * round.stagesLeft;
  return deadlineHours === undefined || latest <= deadlineHours;
}
