/** Groups the cells of a comparison into blocks and rows, in the order of the plan. */
import type { ComparisonCell } from '../../contracts/comparison/comparison.ts';

export interface BlockGroup<C> {
  readonly student: string;
  readonly budget: string;
  readonly rows: readonly RowGroup<C>[];
}

export interface RowGroup<C> {
  readonly method: string;
  readonly stages: number;
  /** The method, with its stages if the block has it with several. */
  readonly label: string;
  readonly cells: readonly C[];
}

type Keys = Pick<ComparisonCell, 'student' | 'budgets' | 'method' | 'stages'>;

/** `keysOf` returns the keys that a cell is grouped by. */
export function blocksOf<C>(
  cells: readonly C[],
  budgets: readonly string[],
  keysOf: (cell: C) => Keys,
): readonly BlockGroup<C>[] {
  const students = distinct(cells.map((cell) => keysOf(cell).student));
  return students.flatMap((student) =>
    budgets.flatMap((budget) => {
      const inside = cells.filter((cell) => keysOf(cell).student === student && keysOf(cell).budgets.includes(budget));
      return inside.length === 0 ? [] : [{ student, budget, rows: rowsOf(inside, keysOf) }];
    }),
  );
}

function rowsOf<C>(cells: readonly C[], keysOf: (cell: C) => Keys): readonly RowGroup<C>[] {
  return distinct(cells.map((cell) => keysOf(cell).method)).flatMap((method) => {
    const own = cells.filter((cell) => keysOf(cell).method === method);
    const stages = distinct(own.map((cell) => keysOf(cell).stages)).toSorted((a, b) => a - b);
    return stages.map((count) => ({
      method,
      stages: count,
      label: stages.length > 1 ? `${method}, K = ${count}` : method,
      cells: own.filter((cell) => keysOf(cell).stages === count),
    }));
  });
}

/** The baseline row that a row is compared with; if there are several, the one with the same number of stages. */
export function baselineFor<C>(row: RowGroup<C>, { rows }: BlockGroup<C>, baseline: string): RowGroup<C> | undefined {
  const candidates = rows.filter(({ method }) => method === baseline);
  return candidates.find(({ stages }) => stages === row.stages) ?? candidates[0];
}

export function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
