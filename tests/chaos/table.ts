/** The one table: fault, runs, forfeited calls, seconds to recovery, violations. */
import { table } from '../../report/markdown-table.ts';
import { faultNames } from './faults.ts';
import type { Outcome } from './run-one.ts';

export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = faultNames.flatMap((fault) => {
    const of = outcomes.filter(({ seconds }) => seconds.some(({ strike }) => strike.fault === fault));
    if (of.length === 0) return [];
    const plain = of.filter(({ plan }) => !plan.idempotent).map(({ forfeited }) => forfeited);
    const idempotent = of.filter(({ plan }) => plan.idempotent).map(({ forfeited }) => forfeited);
    const recoveries = of.flatMap(({ seconds }) =>
      seconds.filter(({ strike }) => strike.fault === fault).map(({ recovery }) => recovery),
    );
    const violations = of.reduce((sum, outcome) => sum + outcome.violations.length, 0);
    return [
      [fault, String(of.length), spread(plain, 0), spread(idempotent, 0), spread(recoveries, 1), String(violations)],
    ];
  });
  const heads = ['fault', 'runs', 'forfeited, plain', 'forfeited, idempotent', 'seconds to recovery', 'violations'];
  return table(heads, rows);
}

/** `min / median / max`. */
function spread(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return '–';
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return [sorted[0] ?? 0, middle, sorted.at(-1) ?? 0].map((value) => value.toFixed(digits)).join(' / ');
}
