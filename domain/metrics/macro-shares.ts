/**
 * Macro scores as sums over rows, so that a bootstrap may count a row several times without scoring it again: the score
 * of a unit (a label, a domain) is what its rows won of what there was to win, and macro is the mean over units.
 */

export interface Share {
  readonly unit: string;
  readonly won: number;
  readonly of: number;
  /** False where the row only speaks of a unit that is not its own: a label that was predicted wrongly. */
  readonly own: boolean;
}

/** Macro where row i counts `times[i]` times. */
export type MacroOf = (times: Int32Array) => number;

/** Units that no row calls its own are no part of macro; 0/0 = 0. */
export function macroOf(rows: readonly (readonly Share[])[]): MacroOf {
  const units = [...new Set(rows.flatMap((shares) => shares.flatMap(({ unit, own }) => (own ? [unit] : []))))];
  const numbers = new Map(units.map((unit, index) => [unit, index]));
  const flat = rows.flatMap((shares, row) =>
    shares.flatMap(({ unit, won, of }) => {
      const number = numbers.get(unit);
      return number === undefined ? [] : [{ row, number, won, of }];
    }),
  );
  const rowOf = Int32Array.from(flat, ({ row }) => row);
  const unitOf = Int32Array.from(flat, ({ number }) => number);
  const wonOf = Float64Array.from(flat, ({ won }) => won);
  const ofOf = Float64Array.from(flat, ({ of }) => of);
  const won = new Float64Array(units.length);
  const whole = new Float64Array(units.length);
  return (times) => {
    won.fill(0);
    whole.fill(0);
    for (let index = 0; index < rowOf.length; index += 1) {
      const count = times[rowOf[index] ?? 0] ?? 0;
      if (count === 0) continue;
      const unit = unitOf[index] ?? 0;
      won[unit] = (won[unit] ?? 0) + count * (wonOf[index] ?? 0);
      whole[unit] = (whole[unit] ?? 0) + count * (ofOf[index] ?? 0);
    }
    let sum = 0;
    for (let unit = 0; unit < units.length; unit += 1) {
      const divisor = whole[unit] ?? 0;
      if (divisor > 0) sum += (won[unit] ?? 0) / divisor;
    }
    return units.length === 0 ? 0 : sum / units.length;
  };
}

/** F1 of labels: 2 hits of support and predictions together. `gold` and `predicted` are sets of labels. */
export function labelShares(gold: readonly string[], predicted: readonly string[]): Share[] {
  const given = new Set(predicted);
  const wanted = new Set(gold);
  return [
    ...gold.map((unit) => (given.has(unit) ? { unit, won: 2, of: 2, own: true } : { unit, won: 0, of: 1, own: true })),
    ...predicted.filter((unit) => !wanted.has(unit)).map((unit) => ({ unit, won: 0, of: 1, own: false })),
  ];
}

/** A row that is scored by itself: macro is the mean over domains of the mean scores of their rows. */
export function rowShares(domain: string, score: number): Share[] {
  return [{ unit: domain, won: score, of: 1, own: true }];
}
