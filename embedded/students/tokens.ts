/**
 * Token ids that all embedded students share, and the parts of a student's prompt (domain/tasks/) in
 * token space: the two fixed texts around the input are one token each, so a prompt given as ids reads like its text.
 */
import { hash32 } from './token-hash.ts';

export const bos = 0;
export const inputMark = 1;
export const cueMark = 2;

const inputText = '\n\nText:\n';
const cueText = "\n\nLet's think step by step.\n";

/** Words beyond a model's own vocabulary: the hash of the lower-cased word, in the upper half of 31 bits. */
export const hashedWords = 0x40000000;

export function hashedWord(word: string): number {
  return hashedWords + (hash32(word) & 0x3fffffff);
}

export function markText(id: number): string | undefined {
  if (id === bos) return '';
  if (id === inputMark) return inputText;
  return id === cueMark ? cueText : undefined;
}

/** Cuts a text at the marks and hands the rest, piece by piece, to the student's own tokenizer. */
export function splitAtMarks(
  text: string,
  onMark: (id: number, text: string) => void,
  onText: (text: string) => void,
): void {
  for (const part of text.split(/(\n\nText:\n|\n\nLet's think step by step\.\n?)/)) {
    if (part === inputText) onMark(inputMark, part);
    else if (part === cueText || part === cueText.trimEnd()) onMark(cueMark, part);
    else if (part !== '') onText(part);
  }
}

/** Where the input lies: from the first input mark to the last cue, `[0, end)` where either is missing. */
export function inputRegion(ids: readonly number[], end: number): readonly [from: number, to: number] {
  const mark = ids.indexOf(inputMark);
  const cue = ids.lastIndexOf(cueMark, end - 1);
  return mark !== -1 && cue > mark ? [mark + 1, cue] : [0, end];
}
