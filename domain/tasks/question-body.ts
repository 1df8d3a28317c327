/** A question with its choices as one text, and taken apart again. */
import { choiceLetter } from '../answers/choice-answer.ts';
import type { Question } from './task.ts';

/** Input and choices, as student and teacher read them. */
export function bodyOf({ input, choices }: Pick<Question, 'input' | 'choices'>): string {
  return choices === undefined ? input : `${input}${choicesMark}${listChoices(choices)}`;
}

const choicesMark = '\n\nChoices:\n';

/** The other way round: no choices where none are listed. */
export function splitBody(body: string): { readonly input: string; readonly choices: readonly string[] } {
  const at = body.lastIndexOf(choicesMark);
  if (at === -1) return { input: body, choices: [] };
  const listed = body.slice(at + choicesMark.length).split('\n');
  return { input: body.slice(0, at), choices: listed.map((line) => line.replace(/^\([A-Z]\) /, '')) };
}

/** One choice a line, `(A) wood`. */
export function listChoices(choices: readonly string[]): string {
  return choices.map((choice, index) => `(${choiceLetter(index)}) ${choice}`).join('\n');
}
