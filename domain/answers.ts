/** Reads the answer out of what a model wrote (METHOD.md, "Answer extraction"): the answer line, and labels. */

export type AnswerExtractor = (output: string) => string | null;

/**
 * Builds the extractor of one label set. It returns the label as the set spells it, or null for an invalid output: no
 * `answer is`, or nothing after it that is or contains a label.
 */
export function answerExtractor(labels: readonly string[]): AnswerExtractor {
  const folded = labels.map((label) => ({ label, text: fold(label) }));
  const exact = new Map<string, string>();
  for (const { label, text } of folded) if (!exact.has(text)) exact.set(text, label);
  const longestFirst = folded.filter(({ text }) => text !== '').sort((a, b) => b.text.length - a.text.length);

  return (output) => {
    const line = answerLineOf(output);
    if (line === undefined) return null;
    const bare = withoutFullStop(line);
    // Labels that differ in case only are told apart by their spelling, and a label may itself end in a full stop.
    for (const text of [bare, line]) if (labels.includes(text)) return text;
    for (const text of [bare, line]) {
      const label = exact.get(fold(text));
      if (label !== undefined) return label;
    }
    return longestFirst.find(({ text }) => containsWords(fold(line), text))?.label ?? null;
  };
}

/** As `answerExtractor`, for a single output. */
export function extractAnswer(output: string, labels: readonly string[]): string | null {
  return answerExtractor(labels)(output);
}

/** Trimmed first line after the last `answer is`, colon optional; undefined without the marker or with nothing after it. */
export function answerLineOf(output: string): string | undefined {
  const last = [...output.matchAll(/answer is\b/gi)].at(-1);
  if (last === undefined) return undefined;
  const rest = output.slice(last.index + last[0].length);
  const line = (rest.split(/\r\n|[\n\r\u2028\u2029]/, 1)[0] ?? '').trim().replace(/^:/, '').trim();
  return line === '' ? undefined : line;
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
