/** Ranges for people: `1.2 M (0.9 to 1.8 M)`. */
import type { Range } from '../../contracts/run-estimate.ts';
import { duration } from './words.ts';

const units = [
  [1e9, ' G'],
  [1e6, ' M'],
  [1e4, ' k'],
] as const;

/** Three digits, with the unit that suits the number; small whole numbers as they are. */
export function amount(value: number): string {
  const unit = units.find(([least]) => value >= least);
  if (unit === undefined) return value.toLocaleString('en', { maximumFractionDigits: 0 });
  const [least, name] = unit;
  const shown = value / (least === 1e4 ? 1e3 : least);
  return `${shown.toLocaleString('en', { maximumSignificantDigits: shown >= 100 ? 4 : 3 })}${name}`;
}

export function usd(microUsd: number): string {
  const value = microUsd / 1_000_000;
  if (value === 0) return '0';
  if (value < 0.01) return '< 0.01';
  return value < 100 ? value.toFixed(2) : value.toLocaleString('en', { maximumFractionDigits: 0 });
}

export function bytes(value: number): string {
  if (value < 1e6) return `${Math.ceil(value / 1e3)} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(value < 1e7 ? 1 : 0)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}

/** The figure to expect, and the ends where they differ from it. */
export function between(range: Range, word: (value: number) => string): string {
  const [low, likely, high] = [word(range.low), word(range.likely), word(range.high)];
  return low === high ? likely : `${likely} (${low} to ${high})`;
}

export const amounts = (range: Range): string => between(range, amount);
export const dollars = (range: Range | null): string =>
  range === null ? 'not known' : range.high === 0 ? 'free' : `${between(range, usd)} USD`;
export const durations = (range: Range): string => between(range, duration);
