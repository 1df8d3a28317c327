/** Estimates: the least, the most, and the likely value. */

export interface Range {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
}

export const nothing: Range = { low: 0, likely: 0, high: 0 };

export function exactly(value: number): Range {
  return { low: value, likely: value, high: value };
}

export function sumOf(ranges: readonly Range[]): Range {
  return ranges.reduce(
    (sum, { low, likely, high }) => ({ low: sum.low + low, likely: sum.likely + likely, high: sum.high + high }),
    nothing,
  );
}

/** Of two figures that are never negative. */
export function productOf(one: Range, other: Range): Range {
  return { low: one.low * other.low, likely: one.likely * other.likely, high: one.high * other.high };
}

export function scaled(range: Range, factor: number): Range {
  return productOf(range, exactly(factor));
}

/** Whole figures that hold the range. */
export function whole({ low, likely, high }: Range): Range {
  return { low: Math.floor(low), likely: Math.round(likely), high: Math.ceil(high) };
}

/** A measured mean with the error of its sample, widened by `drift`, a share of the mean, for what the sample cannot show. */
export function aroundMean({ count, mean, deviation }: Measured, drift: number): Range {
  const margin = drift * mean + (3 * deviation) / Math.sqrt(Math.max(1, count));
  return { low: Math.max(0, mean - margin), likely: mean, high: mean + margin };
}

export interface Measured {
  readonly count: number;
  readonly mean: number;
  /** Standard deviation of single measurements. */
  readonly deviation: number;
}

/** Null where nothing was measured. */
export function measured(values: readonly number[]): Measured | null {
  const count = values.length;
  if (count === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, mean, deviation: Math.sqrt(squares / Math.max(1, count - 1)) };
}
