/** An invented row as tagged text: every teacher can write it, with or without structured output. */

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

/** A real text as it is shown to the teacher. */
export function exampleOf(text: string): string {
  return `<example>\n${text}\n</example>`;
}

function between(text: string, open: string, close: string): string | undefined {
  const start = text.indexOf(open);
  if (start === -1) return undefined;
  const end = text.indexOf(close, start + open.length);
  return end === -1 ? undefined : text.slice(start + open.length, end).trim();
}
