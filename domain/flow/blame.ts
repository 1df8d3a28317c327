/**
 * Whether refusals (429) come with the pace or at random. An endpoint under load of others refuses a few calls whatever
 * the pace; slowing down for those lowers the rate without effect. What is refused in the calm after a back-off, at
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
/** About the number of recent calls. */
const recentCalls = 200;
/** With fewer calls than this, a first refusal is no reason to slow down: the capacity is not known yet. */
const atFirst = 150;

/** A call ended; `calm`: at a pace that was borne before. */
export function counted(blame: Blame, refused: boolean, calm: boolean): Blame {
  const { calls, refused: refusals } = calm ? blame.calm : blame.recent;
  const fade = calm ? 1 : 1 - 1 / recentCalls;
  const tally = { calls: calls * fade + 1, refused: refusals * fade + (refused ? 1 : 0) };
  return calm ? { ...blame, calm: tally } : { ...blame, recent: tally };
}

/** Whether the last refusals, counted already, came with the pace. */
export function withPace(blame: Blame, calm: boolean): boolean {
  const { recent } = blame;
  if (calm) return isMore(blame.calm, tolerated, aboveTolerated);
  const known = inCalms(blame);
  // A first calm shows what is usual.
  if (known.calls < enough) return recent.calls > atFirst || isMore(recent, tolerated, aboveTolerated);
  return isMore(recent, Math.min(tolerated, known.refused / known.calls), aboveUsual, Math.min(1, known.refused));
}

/** The pace was reset: a calm period begins. */
export function backedOff(blame: Blame): Blame {
  const { calls, refused } = inCalms(blame);
  return { ...noBlame, usual: { calls: calls / 2, refused: refused / 2 } };
}

function inCalms({ calm, usual }: Blame): Tally {
  return { calls: calm.calls + usual.calls, refused: calm.refused + usual.refused };
}

/** More refusals than chance explains where this share of calls is refused, and `spare` beside. */
function isMore({ calls, refused }: Tally, share: number, deviations: number, spare = 0): boolean {
  return refused > share * calls + deviations * Math.sqrt(share * calls) + spare;
}
