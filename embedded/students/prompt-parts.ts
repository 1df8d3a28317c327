/** A student's prompt taken apart again (domain/tasks/prompts.ts): passage, question, choices. */

export interface PromptParts {
  /** Empty where a question stands alone. */
  readonly passage: string;
  readonly question: string;
  readonly choices: readonly string[];
}

const headings = ['\n\nQuestion:\n', '\n\nText:\n'];
const closing = "\n\nLet's think step by step.";
const choicesMark = '\n\nChoices:\n';
const questionMark = '\n\nQuestion: ';

/** A text that is no such prompt is a question. */
export function promptParts(prompt: string): PromptParts {
  const starts = headings.map((heading) => ({ at: prompt.indexOf(heading), length: heading.length }));
  const [start] = starts.filter(({ at }) => at !== -1).sort((a, b) => a.at - b.at);
  const end = prompt.lastIndexOf(closing);
  const body = start !== undefined && end > start.at ? prompt.slice(start.at + start.length, end) : prompt;
  const lettered = body.lastIndexOf(choicesMark);
  const asked = lettered === -1 ? body : body.slice(0, lettered);
  const listed = lettered === -1 ? [] : body.slice(lettered + choicesMark.length).split('\n');
  const mark = asked.lastIndexOf(questionMark);
  return {
    passage: mark === -1 ? '' : asked.slice(0, mark),
    question: mark === -1 ? asked : asked.slice(mark + questionMark.length),
    choices: listed.map((line) => line.replace(/^\([A-Z]\) /, '')),
  };
}
