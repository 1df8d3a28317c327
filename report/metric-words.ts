/** What people call the metrics. */
import type { MetricName, SecondaryScore } from '../domain/metrics/metrics.ts';

const words = {
  f1: 'F1',
  accuracy: 'accuracy',
  'word-f1': 'word F1',
  'exact-match': 'exact match',
  'rouge-l': 'ROUGE-L',
  'set-f1': 'set F1',
} satisfies Record<MetricName | SecondaryScore['metric'], string>;

export function metricWord(metric: MetricName | SecondaryScore['metric']): string {
  return words[metric];
}
