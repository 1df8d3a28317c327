/** Asks before money is spent: the price is said first, and nobody pays who has not agreed. */
import type { ComparisonEstimate } from '../activities/plan/estimate-comparison.ts';
import type { Rates } from '../contracts/prices.ts';
import type { Range, RunEstimate } from '../contracts/run-estimate.ts';
import { isFree, studentRates, teacherRates } from '../contracts/run-prices.ts';
import type { RunSpec } from '../contracts/run-file.ts';
import { isLocal } from './evaluated-student.ts';
import { CommandError, exitCodes } from './exit.ts';
import type { Terminal } from './terminal.ts';

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
  /** Calls that come beside it and whose price nobody knows. */
  readonly unpriced: number;
  /** Above which it is asked. */
  readonly above: { readonly usd: number; readonly calls: number };
  readonly yes: boolean;
}

/** Throws (exit 2) where somebody said no, or nobody is there to say yes. */
export async function agreeTo(terminal: Terminal, { what, microUsd, unpriced, above, yes }: Spending): Promise<void> {
  if (yes || (microUsd <= above.usd * 1_000_000 && unpriced <= above.calls)) return;
  const price = [
    ...(microUsd > 0 ? [`may cost up to ${(microUsd / 1_000_000).toFixed(2)} USD`] : []),
    ...(unpriced > 0 ? [`asks for ${unpriced.toLocaleString('en')} calls whose price nobody knows`] : []),
  ].join(' and ');
  if (terminal.confirm === undefined) {
    const remedy = 'Nothing was started. Go ahead with --yes, or write `price: free` where nobody sends a bill.';
    throw new CommandError(exitCodes.usage, `${what} ${price}, and there is nobody to ask.`, remedy);
  }
  if (await terminal.confirm(`${what} ${price}. Go ahead?`)) return;
  throw new CommandError(exitCodes.usage, 'Nothing was started.');
}

/** What a run or some runs may cost at the most, part by part. */
export type Bill = Pick<Spending, 'microUsd' | 'unpriced'>;

/** Of a whole run, teacher and student together. */
export function mostOf(spec: RunSpec, { teacher, student }: RunEstimate): Bill {
  const parts = [
    partBill(teacherRates(spec), spec.teacher, teacher.microUsd, spec.budget.calls),
    partBill(studentRates(spec), spec.student, student.microUsd, spec.budget.calls),
  ];
  return {
    microUsd: parts.reduce((sum, { microUsd }) => sum + microUsd, 0),
    // Calls of the teacher, whichever of the two nobody knows the price of: they say how large the run is.
    unpriced: Math.max(...parts.map(({ unpriced }) => unpriced)),
  };
}

/** `calls`: what to count where it sends a bill of unknown height. */
function partBill(rates: Rates | null, part: object | undefined, price: Range | null, calls: number): Bill {
  if (price !== null) return { microUsd: price.high, unpriced: 0 };
  return { microUsd: 0, unpriced: maySendABill(rates, part) ? calls : 0 };
}

/** Of all cells of a comparison together. */
export function mostOfCells({ groups, cells }: ComparisonEstimate): Bill {
  const unpriced = cells.map(({ spec, teacher, student }) =>
    Math.max(
      partBill(teacherRates(spec), spec.teacher, teacher.microUsd, spec.budget.calls).unpriced,
      partBill(studentRates(spec), spec.student, student.microUsd, spec.budget.calls).unpriced,
    ),
  );
  return {
    microUsd: highest([...groups.map(({ teacher }) => teacher), ...cells.map(({ student }) => student)]),
    unpriced: unpriced.reduce((sum, calls) => sum + calls, 0),
  };
}

function highest(costs: readonly { readonly microUsd: Range | null }[]): number {
  return costs.reduce((sum, { microUsd }) => sum + (microUsd?.high ?? 0), 0);
}
