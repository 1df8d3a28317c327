/** What people call the metrics. */
import type { Metrics } from '../contracts/metrics.ts';

const words = {
  f1: 'F1',
  accuracy: 'accuracy',
  'word-f1': 'word F1',
  'exact-match': 'exact match',
} satisfies Record<Metrics['metric'], string>;

export function metricWord(metric: Metrics['metric']): string {
  return words[metric];
}
