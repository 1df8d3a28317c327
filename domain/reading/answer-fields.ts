/** The parts of a teacher's answer, whatever it called them: text that was synthesized, choices, rationale, answer. */
import { jsonObjects } from './json-objects.ts';
import type { JsonObject } from './json-objects.ts';
import { mendLatex } from './latex.ts';
import { plainText } from './plain-text.ts';

export interface AnswerFields {
  readonly input?: string;
  /** Without their letters. */
  readonly choices?: readonly string[];
  readonly rationale?: string;
  readonly answer?: string;
}
export type FieldName = keyof AnswerFields;

/** What was asked for first, then what teachers call it on their own. */
const spellings: Readonly<Record<FieldName, readonly string[]>> = {
  input: ['input', 'text', 'newtext', 'question', 'problem'],
  choices: ['choices', 'options'],
  rationale: ['rationale', 'reasoning', 'explanation', 'reason', 'reasons', 'thought', 'thoughts', 'steps', 'solution'],
  answer: ['answer', 'finalanswer', 'theansweris', 'label', 'labels', 'category', 'correctanswer', 'correctlabel'],
};
/** A question beside one of these is only a part of the text. */
const otherHalf = ['passage', 'context', 'paragraph'];

/** The last object in a text that has all the parts that are needed: a draft comes before what is meant. */
export function jsonAnswer(text: string, needed: readonly FieldName[]): AnswerFields | undefined {
  return jsonObjects(text)
    .map(fieldsOf)
    .findLast((fields) => needed.every((name) => fields[name] !== undefined && fields[name].length > 0));
}

function fieldsOf(object: JsonObject): AnswerFields {
  const byName = new Map<string, unknown>();
  for (const [key, value] of Object.entries(object)) {
    const name = key.toLowerCase().replaceAll(/[^a-z]/g, '');
    if (!byName.has(name)) byName.set(name, value);
  }
  const find = (field: FieldName): unknown => byName.get(spellings[field].find((name) => byName.has(name)) ?? '');
  const partial = !byName.has('input') && otherHalf.some((name) => byName.has(name));
  const input = partial ? undefined : textOf(find('input'), '\n');
  const choices = choicesOf(find('choices'));
  const rationale = textOf(find('rationale'), '\n');
  const answer = textOf(find('answer'), '; ');
  return {
    ...(input === undefined ? {} : { input }),
    ...(choices === undefined ? {} : { choices }),
    ...(rationale === undefined ? {} : { rationale }),
    ...(answer === undefined ? {} : { answer }),
  };
}

/** A text, a number, or a list of them; undefined for anything else. */
function textOf(value: unknown, between: string): string | undefined {
  if (typeof value === 'string') return plainText(mendLatex(value)).trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  const parts = value.map((part: unknown) => (Array.isArray(part) ? undefined : textOf(part, between)));
  const texts = parts.filter((part) => part !== undefined);
  return texts.length === parts.length ? texts.join(between) : undefined;
}

/** A list, lines, or an object with a letter each. */
function choicesOf(value: unknown): string[] | undefined {
  if (typeof value === 'string') return choiceLines(textOf(value, '\n') ?? '');
  if (typeof value !== 'object' || value === null) return undefined;
  const lettered = Object.entries(value);
  const inOrder = Array.isArray(value) ? lettered : lettered.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const texts = inOrder.map(([, part]: [string, unknown]) => textOf(part, ' '));
  return texts.includes(undefined) ? undefined : texts.flatMap((text) => choiceLines(text ?? ''));
}

/** One choice a line, with or without its letter. */
export function choiceLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().replace(/^(?:\([A-Z]\)|[A-Z][).:])\s*/, ''))
    .filter((line) => line !== '');
}
