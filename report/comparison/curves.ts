/** Macro over the number of stages and over the budget, one curve per method (Figure 4 of the paper). */
import type { ComparisonCell, Curve } from '../../contracts/comparison/comparison.ts';
import { spreadOf } from '../../domain/statistics/spread.ts';
import { distinct } from './groups.ts';

/** Curves with more than one point. */
export function curvesOf(cells: readonly ComparisonCell[], budgets: readonly string[], baseline: string): Curve[] {
  const places = distinct(cells.map(({ data, student }) => JSON.stringify([data, student])));
  return places.flatMap((place) => {
    const inside = cells.filter(({ data, student }) => JSON.stringify([data, student]) === place);
    const overStages = budgets.flatMap((budget) => {
      const group = inside.filter((cell) => cell.budgets.includes(budget));
      const lines = linesOf(group, 'stages', budget, baseline);
      // Keep methods with a single number of stages: the others are compared with them.
      return lines.some(({ points }) => points.length > 1) ? lines : [];
    });
    const overSlots = distinct(inside.map(({ stages }) => stages)).flatMap((stages) => {
      const group = inside.filter((cell) => cell.stages === stages);
      const lines = linesOf(group, 'slots', `K = ${stages}`, baseline);
      return lines.filter(({ points }) => points.length > 1);
    });
    return [...overStages, ...overSlots];
  });
}

function linesOf(cells: readonly ComparisonCell[], over: Curve['over'], at: string, baseline: string): Curve[] {
  return distinct(cells.map((cell) => cell.method)).flatMap((method) => {
    const own = cells.filter((cell) => cell.method === method);
    const [first] = own;
    const points = distinct(own.map((cell) => cell[over]))
      .toSorted((a, b) => a - b)
      .flatMap((x) => {
        const macros = own.flatMap((cell) => (cell[over] === x ? (cell.macro ?? []) : []));
        const macro = spreadOf(macros);
        return macro === null ? [] : [{ x, macro, seeds: macros.length }];
      });
    if (first === undefined || points.length === 0) return [];
    const { data, student } = first;
    return [{ over, data, student, at, method, baseline: method === baseline, points }];
  });
}
