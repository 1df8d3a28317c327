/**
 * Single-label classification: its prompts and the answer line (METHOD.md, "One stage", steps 3 and 4). The student's
 * prompt is the same text in training, scoring and evaluation, and never holds the domain. Fixed text comes first so
 * that a provider's prompt cache can hit.
 */

export const promptVersion = 'classification-1';

interface Question {
  readonly instruction: string;
  readonly input: string;
}

const cue = "Let's think step by step.";

/** The student's prompt: instruction, label set, input, cue. */
export function studentPrompt(question: Question, labels: readonly string[]): string {
  return `${question.instruction}\n\nLabels: ${labels.join(', ')}\n\nText:\n${question.input}\n\n${cue}\n`;
}

/** What the student is trained to write after its prompt; `rationale: null` teaches the bare answer. */
export function studentTarget(rationale: string | null, answer: string): string {
  return rationale === null || rationale === '' ? answerLine(answer) : `${rationale}\n${answerLine(answer)}`;
}

export function answerLine(answer: string): string {
  return `The answer is: ${answer}`;
}

/** Rationale without its closing answer line, so that a mismatching answer never reaches the student. */
export function withoutAnswerLine(text: string): string {
  const at = text.toLowerCase().lastIndexOf('the answer is');
  return (at === -1 ? text : text.slice(0, at)).trim();
}

export interface ChatMessage {
  readonly role: 'system' | 'user';
  readonly content: string;
}

/** Zero-shot chain of thought with the gold answer in the prompt: the teacher explains, it does not guess. */
export function annotatePrompt(
  question: Question & { readonly answer: string },
  labels: readonly string[],
): ChatMessage[] {
  return [
    {
      role: 'system',
      content:
        'You explain how texts are classified. Think step by step about the text, name the words and facts that ' +
        'decide, and close with one line of the form "The answer is: LABEL".',
    },
    {
      role: 'user',
      content:
        `${question.instruction}\n\nLabels: ${labels.join(', ')}\n\n<text>\n${question.input}\n</text>\n\n` +
        `The correct label is <label>${question.answer}</label>. Explain step by step why, then close with ` +
        `"The answer is: ${question.answer}".`,
    },
  ];
}

/** Asks for a new labelled text of one domain, shown a few real ones. `label`: the domain, which may be no label itself. */
export function synthesisePrompt(request: {
  readonly instruction: string;
  readonly label: string;
  readonly labels: readonly string[];
  readonly examples: readonly string[];
}): ChatMessage[] {
  const shown = request.examples.map(exampleOf).join('\n');
  const wanted = request.labels.includes(request.label)
    ? `with the label <label>${request.label}</label>`
    : `of the kind <label>${request.label}</label>, with whichever label fits it`;
  return [
    {
      role: 'system',
      content:
        'You invent realistic texts for a classification data set. Answer with three tagged parts and nothing else: ' +
        '<input>the new text</input> <rationale>step by step, which words and facts decide, closing with the line ' +
        '"The answer is: LABEL"</rationale> <answer>LABEL</answer>',
    },
    {
      role: 'user',
      content: `${request.instruction}\n\nLabels: ${request.labels.join(', ')}\n\nInvent one new text ${wanted}, different from these real ones:\n${shown}`,
    },
  ];
}

/** A real text as it is shown to the teacher. */
export function exampleOf(text: string): string {
  return `<example>\n${text}\n</example>`;
}

export interface Synthesis {
  readonly input: string;
  readonly rationale: string;
  readonly answer: string;
}

/** Reads the three tagged parts; `undefined` when one is missing or empty. */
export function parseSynthesis(text: string): Synthesis | undefined {
  const input = between(text, '<input>', '</input>');
  const rationale = between(text, '<rationale>', '</rationale>');
  const answer = between(text, '<answer>', '</answer>');
  if (!input || !rationale || !answer) return undefined;
  return { input, rationale, answer };
}

/** Writes the three tagged parts, as the embedded teachers answer. */
export function formatSynthesis(synthesis: Synthesis): string {
  return (
    `<input>\n${synthesis.input}\n</input>\n<rationale>\n${synthesis.rationale}\n</rationale>\n` +
    `<answer>${synthesis.answer}</answer>`
  );
}

function between(text: string, open: string, close: string): string | undefined {
  const start = text.indexOf(open);
  if (start === -1) return undefined;
  const end = text.indexOf(close, start + open.length);
  return end === -1 ? undefined : text.slice(start + open.length, end).trim();
}
