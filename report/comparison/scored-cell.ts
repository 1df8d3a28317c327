import type { ComparisonCell } from '../../contracts/comparison/comparison.ts';
import type { Interval } from '../../domain/statistics/interval.ts';

/** A cell, and the interval of its macro over test rows; null where it has no scores. */
export interface ScoredCell {
  readonly cell: ComparisonCell;
  readonly interval: Interval | null;
}
