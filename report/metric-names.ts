/** Display names of the metrics. */
import type { MetricName, SecondaryScore } from '../domain/metrics/metrics.ts';

const names = {
  f1: 'F1',
  accuracy: 'accuracy',
  'word-f1': 'word F1',
  'exact-match': 'exact match',
  'rouge-l': 'ROUGE-L',
  'set-f1': 'set F1',
} satisfies Record<MetricName | SecondaryScore['metric'], string>;

export function metricName(metric: MetricName | SecondaryScore['metric']): string {
  return names[metric];
}
