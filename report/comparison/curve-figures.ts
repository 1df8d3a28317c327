/** Groups curves into figures, for Markdown and HTML. */
import type { Curve } from '../../contracts/comparison/comparison.ts';
import { distinct } from './groups.ts';

export interface CurveFigure {
  readonly over: Curve['over'];
  readonly data: string;
  readonly student: string;
  /** What all lines have in common, `budget B1` or `K = 5`; null if their stages differ. */
  readonly at: string | null;
  readonly lines: readonly CurveLine[];
}

export interface CurveLine {
  readonly curve: Curve;
  /** The method; `suffix` is `, K = 5` if the figure's lines differ in their stages. */
  readonly method: string;
  readonly suffix: string;
  /** Method and suffix, unique in the figure. */
  readonly label: string;
}

/**
 * Curves over stages: one figure per budget. Curves over the budget: one figure for all numbers of stages, because the
 * baseline and other methods may fix their number of stages and have to be compared with the rest.
 */
export function curveFigures(curves: readonly Curve[]): CurveFigure[] {
  const figures = Map.groupBy(curves, ({ over, data, student, at }) =>
    JSON.stringify([over, data, student, over === 'stages' ? at : null]),
  );
  return [...figures.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { over, data, student } = first;
    const same = distinct(members.map(({ at }) => at)).length === 1;
    return [
      {
        over,
        data,
        student,
        at: same ? (over === 'stages' ? `budget ${first.at}` : first.at) : null,
        lines: members.map((curve) => {
          const suffix = same ? '' : `, ${curve.at}`;
          return { curve, method: curve.method, suffix, label: curve.method + suffix };
        }),
      },
    ];
  });
}
