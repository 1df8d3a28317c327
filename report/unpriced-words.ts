/** Says which money a report does not know, for what has no known price is never shown as free. */
import type { Report } from '../contracts/report.ts';
import { unpriced } from '../contracts/run/run-prices.ts';
import { count } from './html/words.ts';

/** `the student's training price is not known`; null where it is known, or there is nothing to pay. */
export function unpricedStudent({ spec }: Pick<Report, 'spec'>): string | null {
  const found = unpriced(spec).find(({ part }) => part === 'student');
  return found === undefined ? null : `the student's ${found.missing} is not known`;
}

/** All that is not known, one sentence each. */
export function unpricedWords(report: Pick<Report, 'spec' | 'ledger'>): readonly string[] {
  const { unpriced: answers } = report.ledger.money;
  const student = unpricedStudent(report);
  return [
    ...(answers === 0 ? [] : [`${count(answers)} answers of a model without a known price`]),
    ...(student === null ? [] : [student]),
  ];
}
