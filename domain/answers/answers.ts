/** Reads the answer out of what a model wrote: the answer line, and labels. */

export type AnswerExtractor = (output: string) => string | null;

/**
 * Builds the extractor of one label set. It returns the label as the set spells it, or null for an invalid output: no
 * `answer is`, or nothing after it that is or contains a label.
 */
export function answerExtractor(labels: readonly string[]): AnswerExtractor {
  const exact = exactLabel(labels);
  const folded = labels.map((label) => ({ label, text: fold(label) }));
  const longestFirst = folded.filter(({ text }) => text !== '').sort((a, b) => b.text.length - a.text.length);

  return (output) => {
    const line = answerLineOf(output);
    if (line === undefined) return null;
    return exact(line) ?? longestFirst.find(({ text }) => containsWords(fold(line), text))?.label ?? null;
  };
}

/** Finds the label that a text is, up to case and a final full stop. */
export function exactLabel(labels: readonly string[]): (text: string) => string | undefined {
  const known = new Set(labels);
  const exact = new Map<string, string>();
  for (const label of labels) if (!exact.has(fold(label))) exact.set(fold(label), label);
  return (line) => {
    const bare = withoutFullStop(line);
    // Labels that differ in case only are distinguished by their spelling, and a label may itself end in a full stop.
    return [bare, line].find((text) => known.has(text)) ?? exact.get(fold(bare)) ?? exact.get(fold(line));
  };
}

/** As `answerExtractor`, for a single output. */
export function extractAnswer(output: string, labels: readonly string[]): string | null {
  return answerExtractor(labels)(output);
}

/** Trimmed first line after the last `answer is`, colon optional; undefined without the marker or with nothing after it. */
export function answerLineOf(output: string): string | undefined {
  const line = (splitAtAnswer(output)?.after.split(/\r\n|[\n\r\u2028\u2029]/, 1)[0] ?? '')
    .trim()
    .replace(/^:/, '')
    .trim();
  return line === '' ? undefined : line;
}

/** The text before and after the last `answer is`; undefined without it. */
export function splitAtAnswer(text: string): { readonly before: string; readonly after: string } | undefined {
  const last = [...text.matchAll(/answer is\b/gi)].at(-1);
  return last && { before: text.slice(0, last.index), after: text.slice(last.index + last[0].length) };
}

/** The whole answer line without its final full stop; null where there is none. */
export function bareAnswer(output: string): string | null {
  const line = answerLineOf(output);
  return line === undefined ? null : withoutFullStop(line) || null;
}

function withoutFullStop(line: string): string {
  return line.endsWith('.') ? line.slice(0, -1).trimEnd() : line;
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** Whether `words` occurs in `text` with no letter, digit or underscore directly before or after it. */
function containsWords(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at !== -1; at = text.indexOf(words, at + 1)) {
    const before = text.slice(0, at);
    const after = text.slice(at + words.length);
    if (!/[\p{L}\p{M}\p{N}_]$/u.test(before) && !/^[\p{L}\p{M}\p{N}_]/u.test(after)) return true;
  }
  return false;
}
