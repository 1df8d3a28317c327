/** The failure for an answer that reports more tokens than its call can use. The answer is stored and sending stops. */
import { BaldistillError } from '../../domain/failures.ts';
import type { PaidAnswer } from '../ports/ledger.ts';

/** `who`: the subject of the message. `bound`: the most tokens the call can use, if known. */
export function usageAboveBound(
  who: string,
  { inputTokens, outputTokens, refusedUsage }: Omit<PaidAnswer, 'latencyMs'>,
  bound?: { readonly inputTokens: number; readonly outputTokens: number },
): BaldistillError {
  if (refusedUsage !== undefined) {
    const charged = 'The call is charged the worst case that was reserved for it, and so is every later call like it.';
    return new BaldistillError(
      'UsageAboveBound',
      `${who} reported ${refusedUsage.text}: more tokens than any model reads or writes in one call. ${charged}`,
    );
  }
  const most =
    bound === undefined
      ? 'more than the worst case'
      : `for a call of at most ${bound.inputTokens} in and ${bound.outputTokens} out`;
  return new BaldistillError(
    'UsageAboveBound',
    `${who} reported ${inputTokens} tokens in and ${outputTokens} out ${most}. ` +
      'It is charged in full, and later calls reserve as much.',
  );
}
