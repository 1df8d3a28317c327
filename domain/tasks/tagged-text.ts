/** An invented row as tagged text: every teacher can write it, with or without structured output. */

import { listChoices } from './prompts.ts';

export interface Synthesis {
  readonly input: string;
  /** Of a multiple-choice question, without their letters. */
  readonly choices?: readonly string[];
  readonly rationale: string;
  readonly answer: string;
}

/** Reads the tagged parts; `undefined` when one of the three that must be there is missing or empty. */
export function parseSynthesis(text: string): Synthesis | undefined {
  const input = between(text, '<input>', '</input>');
  const rationale = between(text, '<rationale>', '</rationale>');
  const answer = between(text, '<answer>', '</answer>');
  if (!input || !rationale || !answer) return undefined;
  const choices = between(text, '<choices>', '</choices>')?.split('\n').map(withoutLetter).filter(Boolean);
  return { input, rationale, answer, ...(choices === undefined ? {} : { choices }) };
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

function withoutLetter(line: string): string {
  return line.trim().replace(/^(?:\([A-Z]\)|[A-Z][).:])\s*/, '');
}

function between(text: string, open: string, close: string): string | undefined {
  const start = text.indexOf(open);
  if (start === -1) return undefined;
  const end = text.indexOf(close, start + open.length);
  return end === -1 ? undefined : text.slice(start + open.length, end).trim();
}
