import type { Report } from '../../contracts/report.ts';
import type { BudgetHistory } from '../ports/ledger.ts';

/** The budget history with times in seconds since the run's first event. */
export function historyOf({ points, stages }: BudgetHistory): Report['history'] {
  const start = points[0]?.at ?? 0;
  const seconds = (at: number): number => Math.max(0, (at - start) / 1000);
  return {
    points: points.map(({ at, ...point }) => ({ seconds: seconds(at), ...point })),
    stages: stages.map(({ stage, at }) => ({ stage, seconds: seconds(at) })),
  };
}
