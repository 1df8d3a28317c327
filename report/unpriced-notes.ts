/** Notes on cost with an unknown price, which is never shown as free. */
import type { Report } from '../contracts/report.ts';
import { unpriced } from '../contracts/run/run-prices.ts';
import { count } from './html/format.ts';

/** `the student's training price is unknown`; null if it is known or nothing is billed. */
export function unpricedStudentNote({ spec }: Pick<Report, 'spec'>): string | null {
  const found = unpriced(spec).find(({ part }) => part === 'student');
  return found === undefined ? null : `the student's ${found.missing} is unknown`;
}

/** One note per unknown price. */
export function unpricedNotes(report: Pick<Report, 'spec' | 'ledger'>): readonly string[] {
  const { unpriced: answers } = report.ledger.money;
  const student = unpricedStudentNote(report);
  return [
    ...(answers === 0 ? [] : [`${count(answers)} answers of a model without a known price`]),
    ...(student === null ? [] : [student]),
  ];
}
