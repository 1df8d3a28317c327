/**
 * Counts tokens with the tokenizer of OpenAI's current models (o200k). Other models differ by about a quarter; answers
 * in the ledger correct the count.
 */
export type CountTokens = (text: string) => number;

/** Text that resembles a special token is counted as ordinary text. */
const asText = { disallowedSpecial: new Set<string>() };

/** Counts the first 1000 texts, then every 16th; the others are estimated from their bytes. */
const counted = { first: 1000, every: 16 };
/** Counts of recurring texts that are cached. */
const mostCached = 64;

/**
 * The tokenizer needs quadratic time for a stretch without spaces or of spaces only: a minute for 256 KB. Longer stretches
 * are counted in pieces, at most one token too many per piece.
 */
const longestStretch = 512;

/** Loads the tokenizer on first use: its table takes a fifth of a second. */
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
    const tokens = splitStretches(text).reduce((sum, piece) => sum + countTokens(piece, asText), 0);
    seen.tokens += tokens;
    seen.bytes += bytes;
    if (known.size < mostCached) known.set(text, tokens);
    return tokens;
  };
}

/** Splits long stretches; most texts have none. */
function splitStretches(text: string): string[] {
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
