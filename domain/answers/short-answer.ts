/** Short free-text answers: SQuAD normalization and word F1. */

/** The ASCII punctuation that SQuAD removes, wherever it occurs. */
const punctuation = /[!-/:-@[-`{-~]/g;
/** Articles as whole words, a word being letters, digits and underscores of any script. */
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** Lower case, no punctuation, no articles, white space folded. */
export function normalizeAnswer(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(punctuation, '')
    .replaceAll(articles, ' ')
    .split(/\s+/)
    .filter(Boolean)
    .join(' ');
}

/** F1 of the normalized words of two answers, as multisets; where either has none, whether both have none (SQuAD 2.0). */
export function wordF1(predicted: string, reference: string): number {
  const guess = normalizeAnswer(predicted).split(' ').filter(Boolean);
  const gold = normalizeAnswer(reference).split(' ').filter(Boolean);
  if (guess.length === 0 || gold.length === 0) return guess.length === gold.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of gold) left.set(word, (left.get(word) ?? 0) + 1);
  let same = 0;
  for (const word of guess) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    same += 1;
  }
  return (2 * same) / (guess.length + gold.length);
}
