/** Reads the letter of a multiple-choice answer. */
import { answerLineOf } from './answers.ts';

/** Most options a question may have: one a letter. */
export const mostChoices = 26;

export function choiceLetter(index: number): string {
  return String.fromCharCode(65 + index);
}

/** A letter that is no part of a word, nor of a shortened one: `I'm`. */
const from = String.raw`(?<![\p{L}\p{N}_]|\p{L}['’])`;
const to = String.raw`(?![\p{L}\p{N}_]|['’]\p{L})`;
const bracketed = String.raw`\(([A-Za-z])\)`;
const standing = new RegExp(`${bracketed}|${from}([A-Z])${to}`, 'gu');
const lettered = new RegExp(String.raw`${bracketed}|(?<![\p{L}\p{N}_])([A-Z])[).:]`, 'gu');
/** `A dog`, `I think`: words of the language, unless a verb or the like follows. */
const notWord = String.raw`(?!(?<=[AaIi])\s+(?!(?:is|was|and|or|because|since)\b)\p{L})`;
const announced = String.raw`\b(?:[Aa]nswer|[Oo]ption|[Cc]hoice|[Ll]etter)(?:\s+is)?\W{0,4}([a-z])`;
const named = new RegExp(`${bracketed}|(?:${from}([A-Z])|${announced})${to}${notWord}`, 'gu');

/**
 * The first of the `count` letters that stands alone after the marker, else the last lettered choice of the whole
 * output, as a capital; null where there is neither, or where the answer is a letter and nothing else and no choice has
 * it. A small letter counts in brackets or alone: `a` may be a word.
 */
export function extractChoice(output: string, count: number): string | null {
  const line = answerLineOf(output) ?? '';
  const only = /^\W*([a-z])\W*$/i.exec(line)?.[1]?.toUpperCase();
  if (only !== undefined) return only.charCodeAt(0) - 65 < count ? only : null;
  return letters(line, standing, count)[0] ?? letters(output, lettered, count).at(-1) ?? null;
}

/** Whether a text speaks of one of the `count` choices by its letter: `(b)`, `B`, `option b`. If unclear, it does. */
export function namesChoice(text: string, count: number): boolean {
  return letters(text, named, count).length > 0;
}

/** The letters of choices that a pattern's groups hold, in order. */
function letters(text: string, pattern: RegExp, count: number): string[] {
  return [...text.matchAll(pattern)]
    .flatMap((match) => match.slice(1).filter(Boolean))
    .map((letter) => letter.toUpperCase())
    .filter((letter) => letter.charCodeAt(0) - 65 < count);
}
