/**
 * Whether refusals (429) come with the pace or at random. An endpoint under load of others refuses a few calls whatever
 * the pace; to slow down for those costs the rate and mends nothing. What is refused in the calm after a back-off, at
 * paces that were borne before, did not come with the pace; what is refused beyond does, as far as it is more than that.
 */
export interface Blame {
  /** Calls of the calm since the last back-off. */
  readonly calm: Tally;
  /** Those of earlier calms; the older, the less they count. */
  readonly usual: Tally;
  /** The last calls beyond the calm. */
  readonly recent: Tally;
}

/** Calls that ended in an answer or a refusal, and the refusals among them; fractions once older ones fade. */
interface Tally {
  readonly calls: number;
  readonly refused: number;
}

const nothing: Tally = { calls: 0, refused: 0 };

export const noBlame: Blame = { calm: nothing, usual: nothing, recent: nothing };

/** More than one call in twenty is never put down to chance. */
const tolerated = 0.05;
/**
 * So many standard deviations (Poisson) above that or above the usual are no chance either. Found by simulation, between
 * more refusals where a limit is near and less speed where a few are refused at random.
 */
const aboveTolerated = 1.5;
const aboveUsual = 2.5;
/** Fewer calls in calms say nothing of what is usual. */
const enough = 50;
const recentCalls = 200;
const atFirst = 150;

/** A call ended; `calm`: at a pace that was borne before. */
export function counted(blame: Blame, refused: boolean, calm: boolean): Blame {
  const { calls, refused: refusals } = calm ? blame.calm : blame.recent;
  const fade = calm ? 1 : 1 - 1 / recentCalls;
  const tally = { calls: calls * fade + 1, refused: refusals * fade + (refused ? 1 : 0) };
  return calm ? { ...blame, calm: tally } : { ...blame, recent: tally };
}

/** Whether the last refusals, counted already, came with the pace. */
export function withPace({ calm, usual, recent }: Blame, isCalm: boolean): boolean {
  if (isCalm) return calm.refused > most(calm.calls, tolerated, aboveTolerated);
  const calls = calm.calls + usual.calls;
  const refused = calm.refused + usual.refused;
  // A first calm shows what is usual, once enough was served to say at which pace.
  if (calls < enough) return recent.calls > atFirst || recent.refused > most(recent.calls, tolerated, aboveTolerated);
  const share = Math.min(tolerated, refused / calls);
  return recent.refused > most(recent.calls, share, aboveUsual) + Math.min(1, refused);
}

/** The pace was lowered: a calm begins. */
export function backedOff({ calm, usual }: Blame): Blame {
  const faded = { calls: (calm.calls + usual.calls) / 2, refused: (calm.refused + usual.refused) / 2 };
  return { ...noBlame, usual: faded };
}

/** The most refusals that chance explains. */
function most(calls: number, share: number, deviations: number): number {
  return share * calls + deviations * Math.sqrt(share * calls);
}
