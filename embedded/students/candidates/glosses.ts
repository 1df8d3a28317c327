/** A little knowledge of the world: which words the dictionary (WordNet's nouns) uses to explain a word. */
import { loadWordnet } from '../../../adapters/datasets/wordnet/wordnet.ts';
import { contentWords } from './candidate.ts';

/** Words that explain a word, each with its rarity over all explanations. */
type Explanation = ReadonlyMap<string, number>;

interface Dictionary {
  /** The explanations of every name in the dictionary. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  /** Number of explanations that contain a word. */
  readonly counts: ReadonlyMap<string, number>;
  readonly size: number;
}

const none: Explanation = new Map();
const parsed = new Map<string, Explanation>();
let dictionary: Dictionary | undefined;

/** Read at the first question, for all students of a process: half a second. */
export function glossOf(word: string): Explanation {
  dictionary ??= readDictionary();
  const { texts, counts, size } = dictionary;
  const found = texts.get(word);
  if (found === undefined) return none;
  const known =
    parsed.get(word) ??
    new Map(found.flatMap(contentWords).map((other) => [other, Math.log(size / (counts.get(other) ?? 1))]));
  parsed.set(word, known);
  return known;
}

function readDictionary(): Dictionary {
  const texts = new Map<string, string[]>();
  const counts = new Map<string, number>();
  const rows = loadWordnet();
  for (const { input } of rows) {
    const colon = input.indexOf(': ');
    const text = input.slice(colon + 2);
    for (const word of new Set(text.match(/[a-z]+/g))) counts.set(word, (counts.get(word) ?? 0) + 1);
    // Each name separately: what explains "polar bear" explains "bear" as well.
    for (const name of new Set(input.slice(0, colon).match(/[a-z]+/g))) {
      const known = texts.get(name);
      if (known === undefined) texts.set(name, [text]);
      else known.push(text);
    }
  }
  return { texts, counts, size: rows.length };
}
