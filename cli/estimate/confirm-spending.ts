/** Asks for confirmation before money is spent. */
import type { ComparisonEstimate } from '../../estimate/estimate-comparison.ts';
import type { Rates } from '../../contracts/run/prices.ts';
import type { Range } from '../../contracts/run-estimate.ts';
import { isFree, studentRates, teacherRates, unpriced } from '../../contracts/run/run-prices.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { isLocal } from '../evaluated-student.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Terminal } from '../terminal.ts';

/** Where nothing else is said: USD that a run may cost at the most, and calls of unknown price, before it is asked about. */
export const askAbove = { usd: 5, calls: 1000 };

/**
 * Whether a run may send anybody a bill. An embedded model never does, nor one whose price is `free`, nor one on this
 * machine whose price is not known.
 */
export function mayCost(spec: RunSpec): boolean {
  const { teacher, student } = spec;
  return maySendABill(teacherRates(spec), teacher) || maySendABill(studentRates(spec), student);
}

function maySendABill(rates: Rates | null, part: object | undefined): boolean {
  if (part === undefined) return false;
  return rates === null
    ? 'baseUrl' in part && typeof part.baseUrl === 'string' && !isLocal(part.baseUrl)
    : !isFree(rates);
}

export interface Spending {
  /** What is about to be bought, as the start of a sentence: `This run`. */
  readonly what: string;
  /** The most that may come of what has a price. */
  readonly microUsd: number;
  /** Further calls, of unknown price. */
  readonly unpriced: number;
  /** Fine-tuning jobs of unknown price: any at all is asked about. */
  readonly unpricedJobs: number;
  /** Above which it is asked. */
  readonly above: { readonly usd: number; readonly calls: number };
  readonly yes: boolean;
}

/** Throws (exit 2) where the answer was no, or there is no terminal. */
export async function agreeTo(terminal: Terminal, spending: Spending): Promise<void> {
  const { what, microUsd, unpriced: calls, unpricedJobs: jobs, above, yes } = spending;
  if (yes || (microUsd <= above.usd * 1_000_000 && calls <= above.calls && jobs === 0)) return;
  const price = [
    ...(microUsd > 0 ? [`may cost up to ${(microUsd / 1_000_000).toFixed(2)} USD`] : []),
    ...(calls > 0 ? [`asks for ${calls.toLocaleString('en')} calls of unknown price`] : []),
    ...(jobs > 0 ? [`trains ${jobs} times at an unknown price (\`training\`)`] : []),
  ].join(' and ');
  if (terminal.confirm === undefined) {
    const remedy =
      'Nothing was started. Go ahead with --yes, or write `price: free` for an endpoint that does not bill.';
    throw new CommandError(exitCodes.usage, `${what} ${price}, and there is no terminal to confirm it.`, remedy);
  }
  if (await terminal.confirm(`${what} ${price}. Go ahead?`)) return;
  throw new CommandError(exitCodes.usage, 'Nothing was started.');
}

/** What a run or some runs may cost at the most, part by part. */
export type Bill = Pick<Spending, 'microUsd' | 'unpriced' | 'unpricedJobs'>;

type Costs = Readonly<Record<'teacher' | 'student', { readonly microUsd: Range | null }>>;

/** Of a whole run, teacher and student together. */
export function mostOf(spec: RunSpec, { teacher, student }: Costs): Bill {
  const parts = [
    partBill(teacherRates(spec), spec.teacher, teacher.microUsd, spec.budget.calls),
    partBill(studentRates(spec), spec.student, student.microUsd, spec.budget.calls),
  ];
  return {
    microUsd: parts.reduce((sum, { microUsd }) => sum + microUsd, 0),
    // Calls of the teacher, whichever of the two prices is unknown: they show the size of the run.
    unpriced: Math.max(...parts.map((part) => part.unpriced)),
    unpricedJobs: jobsOfUnknownPrice(spec),
  };
}

/** `calls`: what to count where it sends a bill of unknown height. */
function partBill(
  rates: Rates | null,
  part: object | undefined,
  price: Range | null,
  calls: number,
): Pick<Bill, 'microUsd' | 'unpriced'> {
  if (price !== null) return { microUsd: price.high, unpriced: 0 };
  return { microUsd: 0, unpriced: maySendABill(rates, part) ? calls : 0 };
}

/** Fine-tuning may cost more than all calls together, so that no number of calls says how much it is. */
function jobsOfUnknownPrice(spec: RunSpec): number {
  const { student, stages } = spec;
  if (!('model' in student) || isLocal(student.baseUrl)) return 0;
  return unpriced(spec).some(({ part }) => part === 'student') ? stages : 0;
}

/** Of all cells of a comparison together. */
export function mostOfCells({ cells }: ComparisonEstimate): Bill {
  const bills = cells.map(({ spec, ...costs }) => mostOf(spec, costs));
  const total = (of: (bill: Bill) => number): number => bills.reduce((sum, bill) => sum + of(bill), 0);
  return {
    microUsd: total(({ microUsd }) => microUsd),
    unpriced: total(({ unpriced: calls }) => calls),
    unpricedJobs: total(({ unpricedJobs }) => unpricedJobs),
  };
}
