/** Macro F1 as a function of how often each row counts: what a bootstrap evaluates again and again. */
import type { Judged } from './bootstrap.ts';
import type { MacroOf } from './paired-bootstrap.ts';

/** `scored`: the labels that macro is the mean over. */
export function macroF1Of(judged: readonly Judged[], scored: readonly string[]): MacroOf {
  const numbers = new Map(scored.map((label, index) => [label, index]));
  // A label that is not scored, or no label at all, has a place of its own that nobody reads.
  const nobody = scored.length;
  const place = (label: string | null): number => (label === null ? nobody : (numbers.get(label) ?? nobody));
  const gold = Int32Array.from(judged, (row) => place(row.gold));
  const predicted = Int32Array.from(judged, (row) => place(row.predicted));
  const both = new Int32Array(scored.length + 1);
  const hits = new Int32Array(scored.length + 1);
  return (times) => {
    both.fill(0);
    hits.fill(0);
    for (let row = 0; row < gold.length; row += 1) {
      const [wanted = nobody, given = nobody, count = 0] = [gold[row], predicted[row], times[row]];
      both[wanted] = (both[wanted] ?? 0) + count;
      both[given] = (both[given] ?? 0) + count;
      if (wanted === given) hits[wanted] = (hits[wanted] ?? 0) + count;
    }
    let sum = 0;
    for (let label = 0; label < scored.length; label += 1) {
      const support = both[label] ?? 0;
      if (support > 0) sum += (2 * (hits[label] ?? 0)) / support;
    }
    return scored.length === 0 ? 0 : sum / scored.length;
  };
}
