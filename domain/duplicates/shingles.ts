/** Word 5-grams of a text as hashes: what near-duplicates are compared by. */

const gram = 5;

/**
 * The distinct 5-grams of a text, sorted; 32-bit hashes, so two texts of a hundred words see a false match about once
 * in 400,000 pairs. Words are runs of letters and digits, lower case. A text with fewer than five words is one gram as
 * a whole, and one without words is its own characters: such texts are near-duplicates only when they are the same.
 */
export function shingles(text: string): Uint32Array {
  const words = text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [text.trim()];
  const hashes = Uint32Array.from(words, hashWord);
  if (hashes.length <= gram) return Uint32Array.of(hashGram(hashes, 0, hashes.length));
  const grams = new Uint32Array(hashes.length - gram + 1);
  for (let at = 0; at < grams.length; at += 1) grams[at] = hashGram(hashes, at, at + gram);
  return distinct(grams.sort());
}

function distinct(sorted: Uint32Array): Uint32Array {
  let kept = 0;
  for (let index = 0; index < sorted.length; index += 1) {
    const value = sorted[index] ?? 0;
    if (kept === 0 || sorted[kept - 1] !== value) sorted[kept++] = value;
  }
  return sorted.slice(0, kept);
}

/** FNV-1a over UTF-16 code units. */
function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < word.length; index += 1) {
    hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** MurmurHash3 over the words' hashes. */
function hashGram(words: Uint32Array, from: number, to: number): number {
  let hash = to - from;
  for (let index = from; index < to; index += 1) {
    let word = Math.imul(words[index] ?? 0, 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash ^= word;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
