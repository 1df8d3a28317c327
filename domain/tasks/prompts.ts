/**
 * The prompts of all tasks but single-label classification, from the few words in which they differ. Fixed text comes
 * first so that a provider's prompt cache can hit; the tags let a simple reader take a prompt apart again.
 */
import { answerLine, cue } from './answer-line.ts';
import { askedIn } from './asking.ts';
import type { Asking } from './asking.ts';
import { bodyOf, listChoices } from './question-body.ts';
import type { Item, Task } from './task.ts';

export interface Wording {
  readonly version: string;
  /** What precedes the input in the student's prompt: a mark that an embedded student can find. */
  readonly heading: 'Text' | 'Question';
  /** The label set, between instruction and input; absent where there is none. */
  readonly labelList?: string;
  /** How the teacher explains an answer, and what it synthesizes. */
  readonly explain: string;
  readonly invent: string;
  /** What the answer looks like, in capitals as in `The answer is: LABEL`. */
  readonly answer: string;
  readonly withChoices?: boolean;
}

type Prompts = Pick<
  Task,
  | 'promptVersion'
  | 'studentPrompt'
  | 'annotatePrompt'
  | 'synthesizePrompt'
  | 'verifyPrompt'
  | 'responseFormat'
  | 'shownAs'
>;

export function promptsOf(wording: Wording, asking: Asking): Prompts {
  const { labelList = '', explain, invent, answer, withChoices = false } = wording;
  const labels = labelList === '' ? '' : 'Labels: {labels}\n\n';
  const text = '<text>\n{input}\n</text>';
  const close = asking.output === 'text' ? `, then close with "${answerLine('{answer}')}".` : '.';
  const given = `The correct answer is <answer>{answer}</answer>. Explain step by step why${close}`;
  const kindRequest = 'Invent one of the kind <domain>{domain}</domain>, different from these real ones:\n{examples}';
  const templates = {
    annotate: { system: `${explain} {format}`, user: `{instruction}\n\n${labels}${text}\n\n${given}` },
    synthesize: { system: `${invent} {format}`, user: `{instruction}\n\n${labels}${kindRequest}\n\n{avoid}` },
    verify: { system: `${explain} {format}`, user: `{instruction}\n\n${labels}${text}` },
  };
  const before = labelList === '' ? '' : `Labels: ${labelList}\n\n`;
  return {
    ...askedIn({ templates, labelList, answer, withChoices, body: bodyOf, shown: exampleOf }, asking),
    promptVersion: wording.version,
    studentPrompt: (question) =>
      `${question.instruction}\n\n${before}${wording.heading}:\n${bodyOf(question)}\n\n${cue}\n`,
    shownAs: (question) => `<example>\n${question.input}\n\n`,
  };
}

function exampleOf(item: Item): string {
  return `<example>\n${item.input}\n\n${item.choices === undefined ? '' : `${listChoices(item.choices)}\n\n`}Answer: ${item.answer}\n</example>`;
}
