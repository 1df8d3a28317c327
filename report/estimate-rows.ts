/** What a run was expected to cost when it began, beside what it did cost: the rows of every report. */
import type { Report } from '../contracts/report.ts';
import { usdText } from '../domain/budget/cost.ts';
import { count, duration } from './html/words.ts';
import { amounts, durations, prices } from './ranges.ts';
import { unpricedStudent } from './unpriced-words.ts';

export interface PlannedRow {
  readonly what: string;
  readonly planned: string;
  readonly actual: string;
}

const usd = (microUsd: number): string => `${usdText(microUsd, 4)} USD`;

/** None for a run that was started before estimates were kept. */
export function plannedRows(report: Report): readonly PlannedRow[] {
  const { estimate, ledger, seconds } = report;
  if (estimate === null) return [];
  const unknown = unpricedStudent(report);
  const { teacher, student } = estimate;
  const { money } = ledger;
  const unpriced = money.unpriced === 0 ? '' : `; ${count(money.unpriced)} answers without a known price`;
  const refused = ledger.refused === 0 ? '' : `; ${count(ledger.refused)} refused and given back`;
  return [
    {
      what: 'teacher calls',
      planned: `${count(teacher.calls)}, at most ${count(teacher.callLimit)}`,
      actual: `${count(ledger.charged)}${refused}`,
    },
    { what: 'of these answered from the ledger', planned: amounts(teacher.answered), actual: count(ledger.cached) },
    { what: 'tokens in', planned: amounts(teacher.inputTokens), actual: count(ledger.inputTokens) },
    { what: 'tokens out', planned: amounts(teacher.outputTokens), actual: count(ledger.outputTokens) },
    {
      what: 'money for the teacher',
      planned: prices(teacher.microUsd),
      actual: `${usd(money.teacherMicroUsd)}${unpriced}`,
    },
    {
      what: 'money for the student',
      planned: prices(student.microUsd),
      actual: `${usd(money.studentMicroUsd)}${unknown === null ? '' : `; ${unknown}`}`,
    },
    {
      what: 'time: planned for the calls alone, actual of the whole run',
      planned: durations(teacher.seconds),
      actual: duration(seconds),
    },
  ];
}
