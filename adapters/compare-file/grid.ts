/** The grid of a compare file: every combination of its axes, with the place in the file that each value came from. */
import type { Axes, CompareFile } from '../../contracts/comparison/compare-file.ts';
import { presets } from '../../domain/methods.ts';
import type { MethodName } from '../../domain/methods.ts';

type Path = readonly PropertyKey[];

/** One value of an axis. */
export interface Point<T> {
  readonly value: T;
  readonly path: Path;
}

export interface MethodPoint {
  readonly name: string;
  readonly method: MethodName;
  readonly switches: CompareFileSwitches;
  readonly stages: number | undefined;
}
type CompareFileSwitches = Extract<NonNullable<Axes['methods']>[number], object>['switches'];

export interface BudgetPoint {
  readonly label: string;
  readonly amount: number | undefined;
}

/** One combination, still without numbers that depend on the data. Undefined: as the run file has it. */
export interface Combination {
  readonly data: string;
  readonly method: Point<MethodPoint>;
  readonly student: Point<string> | undefined;
  /** `amount` undefined: the budget has none for this data set. */
  readonly budget: Point<BudgetPoint> | undefined;
  readonly stages: Point<number> | undefined;
  readonly seed: Point<number> | undefined;
}

export function combinations(file: CompareFile): readonly Combination[] {
  const { grids = [{}] } = file;
  return grids.flatMap((grid, index) => {
    const path = (axis: keyof Axes): Path => (grid[axis] === undefined ? [axis] : ['grids', index, axis]);
    const students = grid.students ?? (file.students === undefined ? undefined : Object.keys(file.students));
    const methods = listed((grid.methods ?? file.methods ?? []).map(methodOf), path('methods'));
    const budgets = grid.slots ?? file.slots;
    const data = grid.data ?? file.data ?? Object.keys(file.runs);
    // Seeds are the outermost axis: what a limit or a stop leaves undone is the last seeds of everything, not all seeds
    // of the last method.
    return orOne(listed(seedsOf(grid.seeds ?? file.seeds), path('seeds'))).flatMap((seed) =>
      data.flatMap((name) =>
        methods.flatMap((method) =>
          orOne(listed(students, path('students'))).flatMap((student) =>
            orOne(budgetsOf(budgets, name, path('slots'))).flatMap((budget) =>
              orOne(stagesOf(method, listed(grid.stages ?? file.stages, path('stages')))).map((stages) => ({
                data: name,
                method,
                student,
                budget,
                stages,
                seed,
              })),
            ),
          ),
        ),
      ),
    );
  });
}

function methodOf(entry: NonNullable<Axes['methods']>[number]): MethodPoint {
  if (typeof entry === 'string') return { name: entry, method: entry, switches: {}, stages: undefined };
  return { ...entry, stages: entry.stages };
}

/** A preset that fixes its stages takes none; an entry's own win over the axis. */
function stagesOf(
  { value: { method, stages }, path }: Point<MethodPoint>,
  axis: readonly Point<number>[] | undefined,
): readonly Point<number>[] | undefined {
  const fixed: number | undefined = presets[method].stages;
  if (stages !== undefined) return [{ value: stages, path: [...path, 'stages'] }];
  return fixed === undefined ? axis : undefined;
}

function budgetsOf(budgets: Axes['slots'], data: string, path: Path): readonly Point<BudgetPoint>[] | undefined {
  if (budgets === undefined) return undefined;
  if (Array.isArray(budgets))
    return listed(
      budgets.map((amount) => ({ label: String(amount), amount })),
      path,
    );
  return Object.entries(budgets).map(([label, given]) => ({
    value: { label, amount: typeof given === 'number' ? given : given[data] },
    path: typeof given === 'number' ? [...path, label] : [...path, label, data],
  }));
}

function seedsOf(seeds: Axes['seeds']): readonly number[] | undefined {
  return typeof seeds === 'number' ? Array.from({ length: seeds }, (_, seed) => seed) : seeds;
}

function listed<T>(values: readonly T[], path: Path): readonly Point<T>[];
function listed<T>(values: readonly T[] | undefined, path: Path): readonly Point<T>[] | undefined;
function listed<T>(values: readonly T[] | undefined, path: Path): readonly Point<T>[] | undefined {
  return values?.map((value, index) => ({ value, path: [...path, index] }));
}

/** An axis that is not given is one point: what the run file says. */
function orOne<T>(points: readonly Point<T>[] | undefined): readonly (Point<T> | undefined)[] {
  return points ?? [undefined];
}
