/** Scores of multi-label classification: F1 of each label over the label sets of all rows (METHOD.md's table). */
import { percentileInterval } from './interval.ts';
import type { Interval } from './interval.ts';
import { setF1, splitLabels } from './label-set.ts';
import { assembleMetrics, labelEntry } from './metrics.ts';
import type { LabelScore, Metrics } from './metrics.ts';
import { secondaryScore } from './row-metrics.ts';
import type { Evaluation, JudgedRow } from './tasks/task.ts';

/** Macro: mean F1 over the labels with gold rows in the split; micro: F1 over all (row, label) pairs; beside them set F1. */
export function labelSetMetrics(evaluation: Evaluation, labels: readonly string[]): Metrics {
  const { judged, seed } = evaluation;
  const numbers = new Map(labels.map((label, index) => [label, index]));
  const rows = judged.map((row) => numberedRow(row, numbers));
  const counts = new Counts(labels.length);
  for (const row of rows) counts.add(row);
  const scored = labels.flatMap((_, index) => ((counts.support[index] ?? 0) > 0 ? [index] : []));
  const names = new Set(scored.map((index) => labels[index] ?? ''));
  return assembleMetrics(evaluation, {
    metric: 'f1',
    micro: share(2 * total(counts.correct), total(counts.support) + total(counts.predicted)),
    interval: bootstrapSets(rows, scored, labels.length, seed),
    domains: labels.map((domain, index) => labelEntry(names)(counts.scoreOf(domain, index))),
    secondary: [secondaryScore(judged, 'set-f1', ({ predicted, gold }) => setF1(predicted, gold))],
  });
}

interface NumberedRow {
  readonly domain: string;
  readonly gold: readonly number[];
  readonly predicted: readonly number[];
}

function numberedRow({ domain, gold, predicted }: JudgedRow, numbers: ReadonlyMap<string, number>): NumberedRow {
  const of = (answer: string): number[] =>
    splitLabels(answer)
      .flatMap((label) => numbers.get(label) ?? [])
      .sort((a, b) => a - b);
  return { domain, gold: of(gold), predicted: of(predicted ?? '') };
}

class Counts {
  readonly support: Int32Array;
  readonly predicted: Int32Array;
  readonly correct: Int32Array;

  constructor(labels: number) {
    this.support = new Int32Array(labels);
    this.predicted = new Int32Array(labels);
    this.correct = new Int32Array(labels);
  }

  add({ gold, predicted }: NumberedRow): void {
    for (const label of gold) increment(this.support, label);
    for (const label of predicted) {
      increment(this.predicted, label);
      if (gold.includes(label)) increment(this.correct, label);
    }
  }

  clear(): void {
    for (const counts of [this.support, this.predicted, this.correct]) counts.fill(0);
  }

  f1(label: number): number {
    return share(2 * (this.correct[label] ?? 0), (this.support[label] ?? 0) + (this.predicted[label] ?? 0));
  }

  scoreOf(domain: string, label: number): LabelScore {
    const [support, predicted, correct] = [this.support, this.predicted, this.correct].map((all) => all[label] ?? 0);
    return {
      domain,
      support: support ?? 0,
      predicted: predicted ?? 0,
      correct: correct ?? 0,
      precision: share(correct ?? 0, predicted ?? 0),
      recall: share(correct ?? 0, support ?? 0),
      f1: this.f1(label),
    };
  }
}

/** Rows are drawn within their domain, with replacement; sorted first, so that their order does not matter. */
function bootstrapSets(
  rows: readonly NumberedRow[],
  scored: readonly number[],
  labels: number,
  seed: number,
): Interval {
  const keyed = rows.map((row) => ({ row, key: JSON.stringify([row.domain, row.gold, row.predicted]) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const strata = [...Map.groupBy(keyed, ({ row }) => row.domain).values()];
  const counts = new Counts(labels);
  return percentileInterval({ seed }, (random) => {
    counts.clear();
    for (const stratum of strata) {
      for (let draw = 0; draw < stratum.length; draw += 1) {
        const drawn = stratum[random.int(stratum.length)];
        if (drawn !== undefined) counts.add(drawn.row);
      }
    }
    return share(
      scored.reduce((sum, label) => sum + counts.f1(label), 0),
      scored.length,
    );
  });
}

function increment(counts: Int32Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

function total(counts: Int32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
