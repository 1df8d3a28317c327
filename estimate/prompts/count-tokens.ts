/**
 * Tokens of a text before anybody was asked, by the tokenizer of OpenAI's current models (o200k). Other models count
 * otherwise, by a quarter or so: what the ledger knows of a model corrects it.
 */
export type CountTokens = (text: string) => number;

/** Texts of others may hold what looks like a special token; here it is text like any other. */
const asText = { disallowedSpecial: new Set<string>() };

/** So many texts are counted, and of those after them every n-th; the others by their bytes. */
const counted = { first: 1000, every: 16 };
/** Texts that all prompts have in common are counted once. */
const remembered = 64;

/**
 * The tokenizer takes quadratic time in a stretch without a space, or of spaces alone: a minute for a quarter of a
 * megabyte, in which the process does nothing else. Longer stretches are counted piece by piece, at most a token too many
 * for each piece.
 */
const longestStretch = 512;

/** The table of the tokenizer is large and takes a fifth of a second: only who plans loads it. */
export async function tokenCounter(): Promise<CountTokens> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  const known = new Map<string, number>();
  const seen = { texts: 0, tokens: 0, bytes: 0 };
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const bytes = Buffer.byteLength(text);
    seen.texts += 1;
    if (seen.texts > counted.first && seen.texts % counted.every !== 0) return (bytes * seen.tokens) / seen.bytes;
    const tokens = piecesOf(text).reduce((sum, piece) => sum + countTokens(piece, asText), 0);
    seen.tokens += tokens;
    seen.bytes += bytes;
    if (known.size < remembered) known.set(text, tokens);
    return tokens;
  };
}

/** The text itself in nearly every case. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let [start, stretch, spaces] = [0, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const space = text.charCodeAt(at) <= 0x20;
    stretch = space === spaces ? stretch + 1 : 1;
    spaces = space;
    if (stretch < longestStretch) continue;
    pieces.push(text.slice(start, at + 1));
    [start, stretch] = [at + 1, 0];
  }
  return [...pieces, text.slice(start)];
}

export function countMessages(count: CountTokens, messages: readonly { readonly content: string }[]): number {
  return messages.reduce((sum, { content }) => sum + count(content), 0);
}
