/** Bootstrap interval of macro F1, stratified by gold label (METHOD.md, "Always report"). */
import { percentileInterval } from './interval.ts';
import type { Interval } from './interval.ts';

export interface Judged {
  readonly gold: string;
  /** Null for an invalid output: a prediction outside every label. */
  readonly predicted: string | null;
}

/**
 * 95 % percentile interval of macro F1 over the `scored` labels: each resample draws, for every gold label, as many of
 * its rows as it has, with replacement.
 */
export function bootstrapMacro(
  judged: readonly Judged[],
  scored: readonly string[],
  options: { readonly seed: number; readonly resamples?: number },
): Interval {
  const strata = stratify(judged, scored);
  const predicted = new Int32Array(strata.labels);
  const hits = new Int32Array(strata.labels);
  return percentileInterval(options, (random) => {
    predicted.fill(0);
    hits.fill(0);
    for (const { gold, rows } of strata.groups) {
      for (let draw = 0; draw < rows.length; draw += 1) {
        const label = rows[random.int(rows.length)] ?? -1;
        if (label === -1) continue;
        predicted[label] = (predicted[label] ?? 0) + 1;
        if (label === gold) hits[label] = (hits[label] ?? 0) + 1;
      }
    }
    let sum = 0;
    for (let label = 0; label < scored.length; label += 1) {
      const both = (strata.support[label] ?? 0) + (predicted[label] ?? 0);
      if (both > 0) sum += (2 * (hits[label] ?? 0)) / both;
    }
    return scored.length === 0 ? 0 : sum / scored.length;
  });
}

/** Predicted label numbers by gold label, -1 for what is no scored label; scored labels come first in the numbering. */
function stratify(
  judged: readonly Judged[],
  scored: readonly string[],
): { labels: number; support: Int32Array; groups: { gold: number; rows: Int32Array }[] } {
  const numbers = new Map(scored.map((label, index) => [label, index]));
  const byGold = new Map<string, number[]>();
  for (const { gold, predicted } of judged) {
    const rows = byGold.get(gold) ?? [];
    rows.push(predicted === null ? -1 : (numbers.get(predicted) ?? -1));
    byGold.set(gold, rows);
  }
  const support = new Int32Array(scored.length);
  const groups = [...byGold.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, rows]) => {
      const gold = numbers.get(label) ?? -1;
      if (gold !== -1) support[gold] = rows.length;
      // Sorted: the interval is the same whatever the order of the rows.
      return { gold, rows: Int32Array.from(rows).sort() };
    });
  return { labels: scored.length, support, groups };
}
