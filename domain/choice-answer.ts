/** Reads the letter of a multiple-choice answer (METHOD.md, "Answer extraction"). */
import { answerLineOf } from './answers.ts';

/** Most options a question may have: one a letter. */
export const mostChoices = 26;

export function choiceLetter(index: number): string {
  return String.fromCharCode(65 + index);
}

/**
 * The first letter that stands alone after the marker, else the last lettered choice of the whole output, as a capital;
 * null where neither is one of the `count` choices. A small letter counts in brackets or alone: `a` may be a word.
 */
export function extractChoice(output: string, count: number): string | null {
  const line = answerLineOf(output) ?? '';
  const found =
    /^\W*([a-z])\W*$/i.exec(line)?.[1] ??
    /\(([a-z])\)|(?<![\p{L}\p{N}_'’])([A-Z])(?![\p{L}\p{N}_'’])/u.exec(line)?.slice(1).find(Boolean);
  const lettered = [...output.matchAll(/\(([A-Za-z])\)|(?<![\p{L}\p{N}_])([A-Z])[).:]/gu)]
    .at(-1)
    ?.slice(1)
    .find(Boolean);
  const letter = (found ?? lettered)?.toUpperCase();
  return letter !== undefined && letter.charCodeAt(0) - 65 < count ? letter : null;
}
