/** Scores of multi-label classification: F1 of each label over the label sets of all rows. */
import { setF1, splitLabels } from '../answers/label-set.ts';
import { assembleMetrics, labelEntry, labelInterval, labelScores } from './metrics.ts';
import type { LabelScore, Metrics } from './metrics.ts';
import { secondaryScore } from './row-metrics.ts';
import type { Evaluation } from '../tasks/task.ts';

/** Macro: mean F1 over the labels with gold rows in the split; micro: F1 over all (row, label) pairs; beside them set F1. */
export function labelSetMetrics(evaluation: Evaluation, labels: readonly string[]): Metrics {
  const { judged, seed } = evaluation;
  const rows = judged.map(({ domain, gold, predicted }) => ({
    domain,
    gold: splitLabels(gold),
    predicted: splitLabels(predicted ?? ''),
  }));
  const scores = labelScores(rows, labels);
  const total = (count: (score: LabelScore) => number): number => scores.reduce((sum, score) => sum + count(score), 0);
  const all = total(({ support, predicted }) => support + predicted);
  const scored = new Set(scores.flatMap(({ domain, support }) => (support > 0 ? [domain] : [])));
  return assembleMetrics(evaluation, {
    metric: 'f1',
    micro: all === 0 ? 0 : (2 * total(({ correct }) => correct)) / all,
    interval: labelInterval(rows, seed),
    domains: scores.map(labelEntry(scored)),
    secondary: [secondaryScore(judged, 'set-f1', ({ predicted, gold }) => setF1(predicted, gold))],
  });
}
