/** How the teacher of a run is asked: in which form, and in whose words. */
import { formatSentence, responseFormat } from './output.ts';
import type { AnswerForm, Output } from './output.ts';
import type { Item, Question, Task } from './task.ts';
import { askKinds, fillTemplate, parseTemplate } from './template.ts';
import type { AskKind, Template } from './template.ts';

export interface Asking {
  readonly output: Output;
  /** Templates that a person wrote, in place of the task's own. */
  readonly templates: Partial<Readonly<Record<AskKind, Template>>>;
}

/** `texts`: templates as a person wrote them. */
export function askingIn(output: Output, texts: Partial<Readonly<Record<AskKind, string | undefined>>>): Asking {
  const templates: Partial<Record<AskKind, Template>> = {};
  for (const kind of askKinds) {
    const text = texts[kind];
    if (text !== undefined) templates[kind] = parseTemplate(text);
  }
  return { output, templates };
}

/** As every endpoint can answer, in this project's words. */
export const plainly: Asking = { output: 'text', templates: {} };

/** The prompt texts of a task, for one form of output. */
export interface TaskWords extends AnswerForm {
  readonly templates: Readonly<Record<AskKind, Template>>;
  /** What `{labels}` stands for; empty where the task has none. */
  readonly labelList: string;
  /** A question as shown in a prompt. */
  body(question: Question): string;
  /** How a real row is shown: what a synthetic one that is a copy of it is known by. */
  shown(item: Item): string;
  /** More placeholders of the task's own templates. */
  synthesisValues?(domain: string): Readonly<Record<string, string>>;
}

type Asked = Pick<Task, 'annotatePrompt' | 'synthesizePrompt' | 'verifyPrompt' | 'responseFormat'>;

export function askedIn(words: TaskWords, { output, templates }: Asking): Asked {
  const fill = (kind: AskKind, values: Readonly<Record<string, string>>) =>
    fillTemplate(templates[kind] ?? words.templates[kind], {
      ...values,
      labels: words.labelList,
      format: formatSentence(kind, output, words),
    });
  const asked = (question: Question): Record<string, string> => ({
    instruction: question.instruction,
    input: words.body(question),
  });
  return {
    annotatePrompt: (item) => fill('annotate', { ...asked(item), answer: item.answer }),
    verifyPrompt: (question) => fill('verify', asked(question)),
    synthesizePrompt: ({ instruction, domain, shown, avoid = [] }) =>
      fill('synthesize', {
        instruction,
        domain,
        ...words.synthesisValues?.(domain),
        examples: shown.map((item) => words.shown(item)).join('\n'),
        avoid: avoidList(avoid),
      }),
    responseFormat: (kind) => responseFormat(kind, output, words),
  };
}

/** Texts that were synthesized before; nothing where there are none. */
function avoidList(texts: readonly string[]): string {
  if (texts.length === 0) return '';
  const list = texts.map((text) => `<avoid>\n${text}\n</avoid>`).join('\n');
  return `These were invented before. Invent something else, not a variation of one of them:\n${list}`;
}
