import type { Capabilities } from '../../contracts/stage.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Switches } from '../../domain/methods.ts';

/** Throws `InvalidInput` where the student endpoint cannot rank rows this way. */
export function requireLogprobs({ select, scoreOn }: Switches, can: Capabilities): void {
  if (select === 'random') return;
  const given = select === 'ifd' || scoreOn === 'gold';
  const lacking =
    scoreOn === 'self' && !can.outputLogprobs
      ? 'of what the student writes'
      : given && can.promptLogprobs === 'none'
        ? 'of given text'
        : null;
  if (lacking === null) return;
  const instead = can.outputLogprobs ? 'select: uncertainty with scoreOn: self, or select: random' : 'select: random';
  throw new BaldistillError(
    'InvalidInput',
    `select: ${select} needs log-probabilities ${lacking}, and the student endpoint gives none; use ${instead}.`,
  );
}
