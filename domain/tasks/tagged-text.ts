/** A synthetic row as a teacher writes it: tagged text, which every teacher can, or a JSON object. */
import { choiceLines, jsonAnswer } from '../reading/answer-fields.ts';
import type { AnswerFields, FieldName } from '../reading/answer-fields.ts';
import { plainText } from '../reading/plain-text.ts';
import { listChoices } from './question-body.ts';

export interface Synthesis {
  readonly input: string;
  /** Of a multiple-choice question, without their letters. */
  readonly choices?: readonly string[];
  readonly rationale: string;
  readonly answer: string;
}

/**
 * Reads the parts of a row, in whichever form they come: an endpoint that was asked for JSON may write tags, and the
 * other way round. `undefined` when one of the three that must be there is missing or empty.
 */
export function parseSynthesis(text: string): Synthesis | undefined {
  return (
    complete(tagged(text)) ?? complete(jsonAnswer(text, ['input', 'rationale', 'answer'])) ?? complete(loosely(text))
  );
}

/** Writes the tagged parts, as the embedded teachers answer. */
export function formatSynthesis(synthesis: Synthesis): string {
  const { choices } = synthesis;
  const options = choices === undefined ? '' : `<choices>\n${listChoices(choices)}\n</choices>\n`;
  return (
    `<input>\n${synthesis.input}\n</input>\n${options}<rationale>\n${synthesis.rationale}\n</rationale>\n` +
    `<answer>${synthesis.answer}</answer>`
  );
}

/** A real text as it is shown to the teacher. */
export function exampleOf(text: string): string {
  return `<example>\n${text}\n</example>`;
}

function complete(fields: AnswerFields | undefined): Synthesis | undefined {
  const { input, rationale, answer, choices } = fields ?? {};
  if (!input || !rationale || !answer) return undefined;
  return { input, rationale, answer, ...(choices === undefined ? {} : { choices }) };
}

/** As it was asked for. */
function tagged(text: string): AnswerFields {
  const between = (name: string): string | undefined => {
    const start = text.indexOf(`<${name}>`);
    if (start === -1) return undefined;
    const end = text.indexOf(`</${name}>`, start);
    return end === -1 ? undefined : plainText(text.slice(start + name.length + 2, end)).trim();
  };
  return fieldsOf(between);
}

/** Tags in capitals or with spaces, or left open: a part then goes on to the next tag. */
export function loosely(text: string): AnswerFields {
  const tags = [...text.matchAll(/<\s{0,3}(\/?)\s{0,3}(input|choices|rationale|answer)\s{0,3}>/gi)];
  const parts = new Map<string, string>();
  for (const [index, tag] of tags.entries()) {
    const [whole, closing, name = ''] = tag;
    if (closing !== '' || parts.has(name.toLowerCase())) continue;
    const end = tags[index + 1]?.index ?? text.length;
    parts.set(name.toLowerCase(), plainText(text.slice(tag.index + whole.length, end)).trim());
  }
  return fieldsOf((name) => parts.get(name));
}

function fieldsOf(read: (name: FieldName) => string | undefined): AnswerFields {
  const parts = { input: read('input'), rationale: read('rationale'), answer: read('answer') };
  const choices = read('choices');
  return {
    ...(parts.input === undefined ? {} : { input: parts.input }),
    ...(parts.rationale === undefined ? {} : { rationale: parts.rationale }),
    ...(parts.answer === undefined ? {} : { answer: parts.answer }),
    ...(choices === undefined ? {} : { choices: choiceLines(choices) }),
  };
}
