/** Formats ranges: `1.2 M (0.9 to 1.8 M)`. */
import type { Range } from '../contracts/run-estimate.ts';
import { duration } from './html/format.ts';

/** A number and its unit, separate so that a range repeats the unit only if it differs. */
type Quantity = readonly [string, string];

const units = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e4, 'k'],
] as const;

function amountOf(value: number): Quantity {
  const unit = units.find(([least]) => value >= least);
  if (unit === undefined) return [value.toLocaleString('en', { maximumFractionDigits: 0 }), ''];
  const [least, name] = unit;
  const shown = value / (least === 1e4 ? 1e3 : least);
  return [shown.toLocaleString('en', { maximumSignificantDigits: 3 }), ` ${name}`];
}

function usdOf(microUsd: number): Quantity {
  const value = microUsd / 1_000_000;
  if (value === 0) return ['0', ''];
  const digits = value < 1 ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return [value.toLocaleString('en', digits), ''];
}

function bytesOf(value: number): Quantity {
  const [size, unit] = value < 1e6 ? [1e3, 'kB'] : value < 1e9 ? [1e6, 'MB'] : [1e9, 'GB'];
  return [(value / size).toLocaleString('en', { maximumSignificantDigits: 3 }), ` ${unit}`];
}

function durationOf(seconds: number): Quantity {
  const [value = '', unit = ''] = duration(seconds).split(' ');
  return [value, ` ${unit}`];
}

/** The likely value, with both ends if they differ. */
function rangeText(range: Range, format: (value: number) => Quantity): string {
  const [low, likely, high] = [format(range.low), format(range.likely), format(range.high)];
  if (low.join('') === high.join('')) return likely.join('');
  const least = low[1] === high[1] ? low[0] : low.join('');
  return `${likely.join('')} (${least} to ${high.join('')})`;
}

export const amount = (value: number): string => amountOf(value).join('');
export const amounts = (range: Range): string => rangeText(range, amountOf);
export const byteAmounts = (range: Range): string => rangeText(range, bytesOf);
export const durations = (range: Range): string => rangeText(range, durationOf);

/** `null`: a price is unknown, which is not zero. */
export function prices(range: Range | null): string {
  if (range === null) return 'price unknown';
  return range.high === 0 ? 'free' : `${rangeText(range, usdOf)} USD`;
}
