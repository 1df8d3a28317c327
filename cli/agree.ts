/** Asks before money is spent: the price is said first, and nobody pays who has not agreed. */
import type { RunEstimate } from '../contracts/run-estimate.ts';
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
  const rates = teacherRates(spec);
  const dear = rates !== null && !isFree(rates);
  const unknown = rates === null && teacher !== undefined && isElsewhere(teacher);
  const studied = studentRates(spec);
  return dear || unknown || (studied !== null && !isFree(studied)) || (studied === null && isElsewhere(student));
}

function isElsewhere(part: object): boolean {
  return 'baseUrl' in part && typeof part.baseUrl === 'string' && !isLocal(part.baseUrl);
}

export interface Spending {
  /** What is about to be bought, as the start of a sentence: `This run`. */
  readonly what: string;
  /** The most it may cost; null where a price is not known. */
  readonly microUsd: number | null;
  readonly calls: number;
  /** Above which it is asked. */
  readonly above: { readonly usd: number; readonly calls: number };
  readonly yes: boolean;
}

/** Throws (exit 2) where somebody said no, or nobody is there to say yes. */
export async function agreeTo(terminal: Terminal, { what, microUsd, calls, above, yes }: Spending): Promise<void> {
  const asks = microUsd === null ? calls > above.calls : microUsd > above.usd * 1_000_000;
  if (yes || !asks) return;
  const price =
    microUsd === null
      ? `asks for ${calls.toLocaleString('en')} calls whose price nobody knows`
      : `may cost up to ${(microUsd / 1_000_000).toFixed(2)} USD`;
  if (terminal.confirm === undefined) {
    const remedy = 'Nothing was started. Go ahead with --yes, or write `price: free` where nobody sends a bill.';
    throw new CommandError(exitCodes.usage, `${what} ${price}, and there is nobody to ask.`, remedy);
  }
  if (await terminal.confirm(`${what} ${price}. Go ahead?`)) return;
  throw new CommandError(exitCodes.usage, 'Nothing was started.');
}

/** The most a whole run may cost, teacher and student together; null where a price is not known. */
export function mostOf({ teacher, student }: RunEstimate): number | null {
  if (teacher.microUsd === null || student.microUsd === null) return null;
  return teacher.microUsd.high + student.microUsd.high;
}
