/** What a comparison would ask and cost, for people. */
import type { CellEstimate, ComparisonEstimate } from '../../estimate/estimate-comparison.ts';
import type { PlannedRunCosts } from '../../estimate/run-size.ts';
import type { PlannedRun } from '../../contracts/comparison/comparison-grid.ts';
import { amount, amounts, prices } from '../../report/ranges.ts';
import type { PricedComparison } from '../estimate/estimate-comparison.ts';
import { terminalLine } from '../terminal-text.ts';
import { tableOf } from './table.ts';

export interface ComparedPlan {
  readonly runs: readonly (PlannedRunCosts & Pick<PlannedRun, 'data' | 'method' | 'student' | 'capped'>)[];
  readonly limit: number;
}

/** One line for runs that differ in their seed alone, then what all of them cost. */
export function comparisonPlanText({ runs, limit }: ComparedPlan, priced: PricedComparison): string {
  const groups = Map.groupBy(runs, ({ data, method, student, slots, stages }) =>
    JSON.stringify([data, method, student, slots, stages.length]),
  );
  const estimates = new Map(priced.estimate.cells.map((cell) => [cell.spec.name, cell]));
  const rows = [...groups.values()].flatMap((cells) => {
    const [first] = cells;
    if (first === undefined) return [];
    const { data, method, student, slots, stages, real, synthetic, repeated, empty, calls, callLimit, capped } = first;
    const known = cells.flatMap(({ run }) => estimates.get(run) ?? []);
    return [
      [
        `${data} · ${student}`,
        method,
        capped ? `${slots} (capped)` : String(slots),
        ...[stages.length, real, synthetic, repeated, empty, calls, callLimit, cells.length].map(String),
        ...costWords(known),
      ],
    ];
  });
  const kinds = ['real', 'synthetic', 'repeated', 'empty'];
  const costs = ['tokens in', 'tokens out', 'price a run'];
  const head = ['data · student', 'method', 'slots', 'K', ...kinds, 'calls', 'limit', 'seeds', ...costs];
  const [calls, most] = [sum(runs.map((run) => run.calls)), sum(runs.map(({ callLimit }) => callLimit))];
  return [
    tableOf(head, rows),
    `${runs.length} runs; ${calls} teacher calls as planned, at most ${most} by their own limits, ` +
      `${limit} by the comparison's.`,
    ...(most > limit ? ['Runs whose limit does not fit into what is left when their turn comes are left out.'] : []),
    'Answers that two runs ask for in the same words are paid once; the runs are charged for them all the same.',
    '',
    ...totalLines(priced, most > limit),
  ].join('\n');
}

/** `grid: 150 runs, 12,000 teacher calls, at most 15,000; teacher 3.20 USD (1.10 to 9.80 USD)`. */
export function comparisonLine(name: string, { runs, limit }: ComparedPlan, { estimate }: PricedComparison): string {
  const { teacher, student, cells } = estimate;
  const left = new Set(cells.map(({ spec }) => spec.name));
  const calls = sum(runs.filter(({ run }) => left.has(run)).map((run) => run.calls));
  const most = Math.min(limit, sum(cells.map(({ spec }) => spec.budget.calls)));
  const parts = [
    `${count(left.size)} of ${count(runs.length)} runs to pay for, ${count(calls)} teacher calls, at most ${count(most)}`,
    `teacher ${prices(teacher.microUsd)}`,
    ...(student.microUsd?.high === 0 ? [] : [`student ${prices(student.microUsd)}`]),
  ];
  return `${terminalLine(name)}: ${parts.join('; ')}`;
}

/** Means over the seeds; `-` where every run is completed, or it is unknown. */
function costWords(cells: readonly CellEstimate[]): readonly string[] {
  if (cells.length === 0) return ['-', '-', '-'];
  const mean = (of: (cell: CellEstimate) => number): number => sum(cells.map(of)) / cells.length;
  const [input, output] = [
    mean(({ teacher }) => teacher.inputTokens.likely),
    mean(({ teacher }) => teacher.outputTokens.likely),
  ];
  const unpriced = cells.some(({ teacher, student }) => teacher.microUsd === null || student.microUsd === null);
  const money = (level: 'low' | 'likely' | 'high'): number =>
    mean(({ teacher, student }) => (teacher.microUsd?.[level] ?? 0) + (student.microUsd?.[level] ?? 0));
  const price = { low: money('low'), likely: money('likely'), high: money('high') };
  return [amount(input), amount(output), unpriced ? prices(null) : prices(price)];
}

function totalLines({ estimate, completed, unknown }: PricedComparison, leavesOut: boolean): readonly string[] {
  const notes = [
    ...(completed === 0 ? [] : [`${count(completed)} runs are completed: they cost nothing any more.`]),
    ...(unknown === 0
      ? []
      : [`${count(unknown)} runs use counts in place of data: their tokens and their cost are unknown.`]),
  ];
  if (estimate.cells.length === 0) return notes;
  return [
    `teacher   ${prices(estimate.teacher.microUsd)}${tokens(estimate.teacher)}`,
    `student   ${prices(estimate.student.microUsd)}${tokens(estimate.student)}`,
    ...notes,
    '',
    'What the ranges rest on',
    ...[
      ...(leavesOut ? ['Every run has its turn: where some are left out, it costs less.'] : []),
      ...estimate.assumptions,
    ].map((sentence) => `  ${terminalLine(sentence)}`),
  ];
}

function tokens({ inputTokens, outputTokens }: ComparisonEstimate['teacher']): string {
  return `; ${amounts(inputTokens)} tokens in, ${amounts(outputTokens)} out`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
