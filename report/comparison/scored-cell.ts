import type { ComparisonCell } from '../../contracts/comparison/comparison.ts';
import type { Interval } from '../../domain/statistics/interval.ts';

/** A cell with the interval of its macro over test rows; null if it has no scores. */
export interface ScoredCell {
  readonly cell: ComparisonCell;
  readonly interval: Interval | null;
}
