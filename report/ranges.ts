/** Ranges for people: `1.2 M (0.9 to 1.8 M)`. */
import type { Range } from '../contracts/run-estimate.ts';
import { duration } from './html/words.ts';

/** A number and its unit, so that a range says the unit of its ends once. */
type Words = readonly [string, string];

const units = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e4, 'k'],
] as const;

function amountWords(value: number): Words {
  const unit = units.find(([least]) => value >= least);
  if (unit === undefined) return [value.toLocaleString('en', { maximumFractionDigits: 0 }), ''];
  const [least, name] = unit;
  const shown = value / (least === 1e4 ? 1e3 : least);
  return [shown.toLocaleString('en', { maximumSignificantDigits: 3 }), ` ${name}`];
}

function usdWords(microUsd: number): Words {
  const value = microUsd / 1_000_000;
  if (value === 0) return ['0', ''];
  const digits = value < 1 ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return [value.toLocaleString('en', digits), ''];
}

function byteWords(value: number): Words {
  const [size, unit] = value < 1e6 ? [1e3, 'kB'] : value < 1e9 ? [1e6, 'MB'] : [1e9, 'GB'];
  return [(value / size).toLocaleString('en', { maximumSignificantDigits: 3 }), ` ${unit}`];
}

function durationWords(seconds: number): Words {
  const [value = '', unit = ''] = duration(seconds).split(' ');
  return [value, ` ${unit}`];
}

/** The figure to expect, and the ends where they differ from it. */
function between(range: Range, words: (value: number) => Words): string {
  const [low, likely, high] = [words(range.low), words(range.likely), words(range.high)];
  if (low.join('') === high.join('')) return likely.join('');
  const least = low[1] === high[1] ? low[0] : low.join('');
  return `${likely.join('')} (${least} to ${high.join('')})`;
}

export const amount = (value: number): string => amountWords(value).join('');
export const amounts = (range: Range): string => between(range, amountWords);
export const byteAmounts = (range: Range): string => between(range, byteWords);
export const durations = (range: Range): string => between(range, durationWords);

/** Null: a price is not known, which is never nothing. */
export function prices(range: Range | null): string {
  if (range === null) return 'price not known';
  return range.high === 0 ? 'free' : `${between(range, usdWords)} USD`;
}
