/** Which curves are held against each other, in Markdown and on pages alike. */
import type { Curve } from '../../contracts/comparison/comparison.ts';
import { distinct } from './groups.ts';

export interface CurveFigure {
  readonly over: Curve['over'];
  readonly data: string;
  readonly student: string;
  /** What all its lines have in common, `budget B1` or `K = 5`; null where they do not have the same stages. */
  readonly at: string | null;
  readonly lines: readonly CurveLine[];
}

export interface CurveLine {
  readonly curve: Curve;
  /** The method, and what follows it where its lines do not have the same stages: `, K = 5`. */
  readonly method: string;
  readonly suffix: string;
  /** Both of them; no other line of the figure has the same. */
  readonly label: string;
}

/**
 * Curves over stages are one figure a budget. Curves over the budget are one figure whatever their stages: methods that
 * have a number of stages of their own, the baseline among them, would else never stand beside those they are the mark of.
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
