/** What an answer has to be in each kind of task. */
import { choiceLetter } from '../../domain/answers/choice-answer.ts';
import { longestName, mostRowLabels } from '../../domain/data/data-limits.ts';
import { joinLabels, splitLabels } from '../../domain/answers/label-set.ts';
import { normalizeMath } from '../../domain/answers/math-answer.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';

export type CheckedAnswer =
  | { readonly ok: true; readonly answer: string }
  | { readonly ok: false; readonly expected: string };

const wrong = (expected: string): CheckedAnswer => ({ ok: false, expected });

/** `given`: text, or the list of the field `labels`. The answer as the task writes it, or what was expected. */
export function checkAnswer(
  task: TaskName,
  given: string | readonly string[],
  choices: readonly string[] | undefined,
): CheckedAnswer {
  const text = typeof given === 'string' ? given : joinLabels(given);
  if (typeof given !== 'string' && given.some((label) => label.includes(';'))) {
    return wrong('labels without a semicolon: it separates them in an answer');
  }
  if (task === 'multi-label') {
    const labels = splitLabels(text);
    if (labels.length === 0) return wrong('at least one label');
    if (labels.length > mostRowLabels || labels.some((label) => label.length > longestName))
      return wrong(`at most ${mostRowLabels} labels, each of at most ${longestName} characters`);
    return { ok: true, answer: joinLabels(labels) };
  }
  if (task === 'multiple-choice') return checkChoice(text, choices);
  if (task === 'math' && normalizeMath(text) === '') return wrong('a number or an expression');
  return { ok: true, answer: text };
}

/** A letter, or a choice in its own words. */
function checkChoice(text: string, choices: readonly string[] | undefined): CheckedAnswer {
  if (choices === undefined) return wrong('a row with choices, since the task is multiple-choice (fields.choices)');
  const letters = choices.map((_, index) => choiceLetter(index));
  const inWords = choices.indexOf(text);
  if (letters.includes(text.toUpperCase())) return { ok: true, answer: text.toUpperCase() };
  const found = letters[inWords];
  return found === undefined
    ? wrong(`one of the letters ${letters[0]} to ${letters.at(-1)}, or one of the choices`)
    : { ok: true, answer: found };
}
