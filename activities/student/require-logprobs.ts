import type { Capabilities } from '../../contracts/stage.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Switches } from '../../domain/methods.ts';

/** Throws `InvalidInput` if the student endpoint lacks the log probabilities that `select` needs. */
export function requireLogprobs({ select, scoreOn }: Switches, can: Capabilities): void {
  if (select === 'random') return;
  const needsPrompt = select === 'ifd' || scoreOn === 'gold';
  const missing =
    scoreOn === 'self' && !can.outputLogprobs
      ? 'log probabilities of generated tokens'
      : needsPrompt && can.promptLogprobs === 'none'
        ? 'prompt log probabilities'
        : null;
  if (missing === null) return;
  const instead = can.outputLogprobs ? 'select: uncertainty with scoreOn: self, or select: random' : 'select: random';
  throw new BaldistillError(
    'InvalidInput',
    `select: ${select} needs ${missing}, which the student endpoint does not return. Use ${instead}.`,
  );
}
