/**
 * The prompts of all tasks but single-label classification, from the few words in which they differ. Fixed text comes
 * first so that a provider's prompt cache can hit; the tags let a simple reader take a prompt apart again.
 */
import { choiceLetter } from '../choice-answer.ts';
import { answerLine, cue } from './answer-line.ts';
import type { Item, Question, Task } from './task.ts';

export interface Wording {
  readonly version: string;
  /** What precedes the input in the student's prompt: a mark that an embedded student can find. */
  readonly heading: 'Text' | 'Question';
  /** A line that stands between instruction and input: the label set; empty where there is none. */
  readonly before: string;
  /** How the teacher explains an answer, and what it invents. */
  readonly explain: string;
  readonly invent: string;
  /** What the answer looks like, in capitals as in `The answer is: LABEL`. */
  readonly answer: string;
  readonly withChoices?: boolean;
}

type Prompts = Pick<
  Task,
  'promptVersion' | 'studentPrompt' | 'annotatePrompt' | 'synthesisePrompt' | 'verifyPrompt' | 'shownAs'
>;

export function promptsOf(wording: Wording): Prompts {
  const before = wording.before === '' ? '' : `${wording.before}\n\n`;
  const closing = answerLine(wording.answer);
  const choices = wording.withChoices ? '<choices>one choice a line, lettered (A), (B), ...</choices> ' : '';
  return {
    promptVersion: wording.version,
    studentPrompt: (question) =>
      `${question.instruction}\n\n${before}${wording.heading}:\n${bodyOf(question)}\n\n${cue}\n`,
    annotatePrompt: (item) => [
      { role: 'system', content: `${wording.explain} Close with one line of the form "${closing}".` },
      {
        role: 'user',
        content:
          `${item.instruction}\n\n${before}<text>\n${bodyOf(item)}\n</text>\n\n` +
          `The correct answer is <answer>${item.answer}</answer>. Explain step by step why, then close with ` +
          `"${answerLine(item.answer)}".`,
      },
    ],
    synthesisePrompt: ({ instruction, domain, shown }) => [
      {
        role: 'system',
        content:
          `${wording.invent} Answer with tagged parts and nothing else: <input>the new text</input> ${choices}` +
          `<rationale>step by step, closing with the line "${closing}"</rationale> <answer>${wording.answer}</answer>`,
      },
      {
        role: 'user',
        content:
          `${instruction}\n\n${before}Invent one of the kind <domain>${domain}</domain>, different from these real ` +
          `ones:\n${shown.map(exampleOf).join('\n')}`,
      },
    ],
    verifyPrompt: (question) => [
      { role: 'system', content: `${wording.explain} Close with one line of the form "${closing}".` },
      { role: 'user', content: `${question.instruction}\n\n${before}<text>\n${bodyOf(question)}\n</text>` },
    ],
    shownAs: (question) => `<example>\n${question.input}\n\n`,
  };
}

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

function exampleOf(item: Item): string {
  return `<example>\n${item.input}\n\n${item.choices === undefined ? '' : `${listChoices(item.choices)}\n\n`}Answer: ${item.answer}\n</example>`;
}
