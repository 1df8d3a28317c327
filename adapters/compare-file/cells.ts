/** The cells of a grid as runs with every choice made, or everything that is wrong with them. */
import type { PlannedRun } from '../../contracts/comparison/comparison-grid.ts';
import { byLine, formatProblem } from '../run-file/problem.ts';
import type { Problem } from '../run-file/problem.ts';
import { isRecord } from '../run-file/union-branch.ts';
import { resolveCell, unnamed } from './cell.ts';
import type { CellOptions } from './cell.ts';
import type { Combination } from './grid.ts';
import type { BaseFile, CompareReading } from './read.ts';

export type Cells =
  | { readonly ok: true; readonly runs: readonly PlannedRun[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Enough for any number of stages; only the data of such a run are used. */
const anySlots = 10_000;

/** A run over each available data set, used only to prepare its data. */
export function dataRuns(reading: CompareReading, options: CellOptions): Cells {
  const first = [...reading.bases].flatMap(([name, { counts }]) => {
    const one = reading.combinations.find(({ data, budget }) => data === name && !hasNoAmount(budget));
    return one === undefined || counts !== undefined ? [] : [one];
  });
  return resolveAll(reading, first, () => anySlots, options);
}

/** Every cell once, in the order of the grid. `pools`: rows of the training pool of each data set. */
export function cells(reading: CompareReading, pools: ReadonlyMap<string, number>, options: CellOptions): Cells {
  const problems: Problem[] = [];
  const { source, file } = reading;
  const slotsOf = ({ data, budget }: Combination, amount: number): number => {
    const pool = pools.get(data) ?? 0;
    const slots = amount < 1 ? Math.max(1, Math.round(amount * pool)) : amount;
    if (slots <= pool || file.tooLarge === 'cap') return Math.min(slots, pool);
    const path = budget?.path ?? ['runs', data];
    const expected = `${data} has ${pool} training rows; expected at most that many slots, or tooLarge: cap`;
    problems.push({ line: source.lineOf(path), key: path.join('.'), value: String(amount), expected });
    return slots;
  };
  const resolved = resolveAll(reading, reading.combinations, slotsOf, options);
  const all = [...problems, ...(resolved.ok ? [] : resolved.problems)];
  return all.length > 0 || !resolved.ok ? { ok: false, problems: byLine(distinct(all)) } : resolved;
}

function resolveAll(
  reading: CompareReading,
  grid: readonly Combination[],
  slotsOf: (combination: Combination, amount: number) => number,
  options: CellOptions,
): Cells {
  const runs = new Map<string, PlannedRun>();
  const problems: Problem[] = [];
  for (const combination of grid) {
    const base = reading.bases.get(combination.data);
    if (base === undefined) continue;
    const { budget } = combination;
    const amount = budget === undefined ? ownSlots(base) : budget.value.amount;
    if (hasNoAmount(budget)) continue;
    const slots = amount === undefined ? undefined : slotsOf(combination, amount);
    const changed = budget === undefined && slots === amount ? undefined : slots;
    const resolved = resolveCell(reading, combination, base, changed, options);
    if (!resolved.ok) {
      problems.push(...resolved.problems);
      continue;
    }
    const { spec } = resolved;
    const known = runs.get(spec.name);
    const label = budget?.value.label ?? unnamed;
    const capped = (amount ?? 0) > spec.budget.slots;
    runs.set(spec.name, {
      spec,
      data: combination.data,
      method: combination.method.value.name,
      student: combination.student?.value ?? unnamed,
      budgets: [...new Set([...(known?.budgets ?? []), label])],
      capped: capped || known?.capped === true,
    });
  }
  if (problems.length > 0) return { ok: false, problems: byLine(distinct(problems)) };
  if (runs.size > 500) {
    const expected = `${runs.size} cells; expected at most 500 in one comparison`;
    return { ok: false, problems: [{ line: 1, key: '', value: undefined, expected }] };
  }
  return { ok: true, runs: [...runs.values()] };
}

/** A budget that leaves a data set out makes no cell of it. */
function hasNoAmount(budget: Combination['budget']): boolean {
  return budget !== undefined && budget.value.amount === undefined;
}

/** Slots as a run file has them; undefined where it has none, or none that make sense. */
function ownSlots({ value }: BaseFile): number | undefined {
  const budget = value['budget'];
  const slots = isRecord(budget) ? budget['slots'] : undefined;
  return typeof slots === 'number' && slots >= 1 ? slots : undefined;
}

/** Many cells share one mistake. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}
