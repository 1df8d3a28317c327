/**
 * The tokenizer of the log-linear student: white space and what follows it is one token. Words of the training targets
 * have ids from 8 on; all others are hashes of their letters, enough to serve as features of a prompt.
 */
import { hashedWord, hashedWords, markText, splitAtMarks } from '../tokens.ts';

/** Ids are outputs + 6: output 0 is end-of-sequence, 1 the unknown word, then the vocabulary. */
export const firstOutput = 6;
export const endOfSequence = 0;
export const unknownWord = 1;

export class WordTokenizer {
  readonly #vocabulary: readonly string[];
  readonly #ids: Map<string, number>;
  readonly #normal: Map<number, number>;

  /** `vocabulary` in order of output, from output 2. */
  constructor(vocabulary: readonly string[]) {
    this.#vocabulary = vocabulary;
    this.#ids = new Map(vocabulary.map((word, index) => [word, index + firstOutput + 2]));
    this.#normal = new Map(vocabulary.map((word, index) => [index + firstOutput + 2, normalWord(word)]));
  }

  encode(text: string, pieces?: string[]): number[] {
    const ids: number[] = [];
    splitAtMarks(
      text,
      (id, piece) => {
        ids.push(id);
        pieces?.push(piece);
      },
      (part) => {
        for (const piece of tokensOf(part)) {
          ids.push(this.#ids.get(piece) ?? normalWord(piece));
          pieces?.push(piece);
        }
      },
    );
    return ids;
  }

  decode(id: number): string {
    return markText(id) ?? this.#vocabulary[id - firstOutput - 2] ?? '�';
  }

  /** The model's output for a token: the unknown word where it has none. */
  outputOf(id: number): number {
    return id < hashedWords && id >= firstOutput ? id - firstOutput : unknownWord;
  }

  /** The same number for a word at any position, whatever its case and punctuation. */
  normalOf(id: number): number {
    return this.#normal.get(id) ?? id;
  }
}

export function tokensOf(text: string): string[] {
  return text.match(/\s*\S+|\s+/g) ?? [];
}

export function normalWord(piece: string): number {
  const letters = piece.toLowerCase().replaceAll(/[^a-z]/g, '');
  return hashedWord(letters === '' ? piece : letters);
}
