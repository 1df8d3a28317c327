/** The rows "planned and actual" of the reports: the estimate at the start of the run and the actual cost. */
import type { Report } from '../contracts/report.ts';
import { usdText } from '../domain/budget/cost.ts';
import { count, duration } from './html/format.ts';
import { amounts, durations, prices } from './ranges.ts';
import { unpricedStudentNote } from './unpriced-notes.ts';

export interface PlannedRow {
  readonly item: string;
  readonly planned: string;
  readonly actual: string;
}

const usd = (microUsd: number): string => `${usdText(microUsd, 4)} USD`;

/** Empty for a run of a version without estimates. */
export function plannedRows(report: Report): readonly PlannedRow[] {
  const { estimate, ledger, seconds } = report;
  if (estimate === null) return [];
  const unknown = unpricedStudentNote(report);
  const { teacher, student } = estimate;
  const { money } = ledger;
  const unpriced = money.unpriced === 0 ? '' : `; ${count(money.unpriced)} answers without a known price`;
  const refused = ledger.refused === 0 ? '' : `; ${count(ledger.refused)} refused and given back`;
  return [
    {
      item: 'teacher calls',
      planned: `${count(teacher.calls)}, at most ${count(teacher.callLimit)}`,
      actual: `${count(ledger.charged)}${refused}`,
    },
    { item: 'of these answered from the ledger', planned: amounts(teacher.answered), actual: count(ledger.cached) },
    { item: 'tokens in', planned: amounts(teacher.inputTokens), actual: count(ledger.inputTokens) },
    { item: 'tokens out', planned: amounts(teacher.outputTokens), actual: count(ledger.outputTokens) },
    {
      item: 'money for the teacher',
      planned: prices(teacher.microUsd),
      actual: `${usd(money.teacherMicroUsd)}${unpriced}`,
    },
    {
      item: 'money for the student',
      planned: prices(student.microUsd),
      actual: `${usd(money.studentMicroUsd)}${unknown === null ? '' : `; ${unknown}`}`,
    },
    {
      item: 'time (planned: calls only; actual: whole run)',
      planned: durations(teacher.seconds),
      actual: duration(seconds),
    },
  ];
}
