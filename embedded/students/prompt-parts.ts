/** A student's prompt taken apart again (domain/tasks/question-body.ts): passage, question, choices. */

import { splitBody } from '../../domain/tasks/question-body.ts';

export interface PromptParts {
  /** Empty for a question alone. */
  readonly passage: string;
  readonly question: string;
  readonly choices: readonly string[];
}

const headings = ['\n\nQuestion:\n', '\n\nText:\n'];
const closing = "\n\nLet's think step by step.";
const questionMark = '\n\nQuestion: ';

/** A text that is no such prompt is a question. */
export function promptParts(prompt: string): PromptParts {
  const starts = headings.map((heading) => ({ at: prompt.indexOf(heading), length: heading.length }));
  const [start] = starts.filter(({ at }) => at !== -1).sort((a, b) => a.at - b.at);
  const end = prompt.lastIndexOf(closing);
  const body = start !== undefined && end > start.at ? prompt.slice(start.at + start.length, end) : prompt;
  const { input: asked, choices } = splitBody(body);
  const mark = asked.lastIndexOf(questionMark);
  return {
    passage: mark === -1 ? '' : asked.slice(0, mark),
    question: mark === -1 ? asked : asked.slice(mark + questionMark.length),
    choices,
  };
}
