import type { Metrics } from '../contracts/metrics.ts';

const names = {
  f1: 'F1',
  accuracy: 'accuracy',
  'word-f1': 'word F1',
  'exact-match': 'exact match',
} as const satisfies Record<Metrics['metric'], string>;

/** What the score of a domain is called. */
export const metricName = ({ metric }: Pick<Metrics, 'metric'>): string => names[metric];
