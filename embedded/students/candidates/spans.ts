/**
 * Parts of a passage that may answer a question: sentences, clauses, and short runs of words in the sentences nearest to
 * the question. A question without a passage is given the answers of the nearest training questions.
 */
import { promptParts } from '../prompt-parts.ts';
import { both, bucket, contentWords, Features, named } from './candidate.ts';
import type { Candidate, Candidates, Remembered } from './candidate.ts';

const nearSentences = 3;
const longestRun = 6;
const retrieved = 10;

interface Span {
  readonly text: string;
  readonly kind: 'sentence' | 'clause' | 'run' | 'several';
  readonly sentence: number;
  readonly before: string;
}

export function spanCandidates(remembered: readonly Remembered[]): Candidates {
  const memory = new Memory(remembered);
  return {
    of(prompt) {
      const { passage, question } = promptParts(prompt);
      const asked = new Set(contentWords(question));
      const kind = named(questionKind(question));
      if (passage === '') return memory.nearest(asked, kind);
      const sentences = sentencesOf(passage);
      const nearness = sentences.map((sentence) => memory.nearness(asked, contentWords(sentence)));
      const order = [...sentences.keys()].sort((a, b) => (nearness[b] ?? 0) - (nearness[a] ?? 0) || a - b);
      const rank = new Map(order.map((sentence, index) => [sentence, index]));
      return spansOf(sentences, new Set(order.slice(0, nearSentences))).map((span) =>
        describe(span, { asked, kind, rank: rank.get(span.sentence) ?? 0, near: nearness[span.sentence] ?? 0 }),
      );
    },
  };
}

function spansOf(sentences: readonly string[], near: ReadonlySet<number>): Span[] {
  const spans = sentences.flatMap((text, sentence): Span[] => {
    const whole: Span = { text, kind: 'sentence', sentence, before: '' };
    const more = sentences.slice(sentence, sentence + 4);
    const several: Span[] = near.has(sentence)
      ? [2, 3, 4]
          .filter((count) => count <= more.length)
          .map((count) => ({ ...whole, text: more.slice(0, count).join(' '), kind: 'several' }))
      : [];
    const clauses = text.split(/[,;:]\s+| (?=because|and|that|to|when|by) /).map((clause) => clause.trim());
    const parts = clauses.length < 2 ? [] : clauses.map((clause): Span => ({ ...whole, text: clause, kind: 'clause' }));
    return [whole, ...several, ...parts, ...(near.has(sentence) ? runsOf(text, sentence) : [])];
  });
  return spans.filter(({ text }) => text !== '');
}

function runsOf(text: string, sentence: number): Span[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return [...words.keys()].flatMap((start) =>
    Array.from({ length: Math.min(longestRun, words.length - start) }, (_, more): Span => {
      const run = words.slice(start, start + more + 1).join(' ');
      const bare = run.replaceAll(/^[^\p{L}\p{N}$£€(]+|[^\p{L}\p{N}%)]+$/gu, '');
      return { text: bare, kind: 'run', sentence, before: words[start - 1]?.toLowerCase() ?? '^' };
    }),
  );
}

function describe(
  { text, kind: spanKind, before }: Span,
  place: { asked: ReadonlySet<string>; kind: number; rank: number; near: number },
): Candidate {
  const words = text.split(/\s+/);
  const content = contentWords(text);
  const repeated = content.filter((word) => place.asked.has(word)).length;
  const shape = named(spanKind);
  const { kind } = place;
  const length = bucket(words.length * 2);
  const found = new Features();
  found.add(shape);
  found.add(both(kind, shape));
  found.add(both(kind, both(shape, length)));
  found.add(both(named('rank'), Math.min(place.rank, 4)));
  found.add(both(both(kind, shape), Math.min(place.rank, 4)));
  found.add(named('near'), place.near);
  found.add(both(shape, named('near')), place.near);
  found.add(both(shape, named('repeated')), content.length === 0 ? 0 : repeated / content.length);
  found.add(both(kind, named(content.length === 0 ? 'empty' : 'full')));
  if (/\d/.test(text)) found.add(both(kind, named('digit')));
  if (/^\d[\d,.]*%?$/.test(text)) found.add(both(kind, named('number')));
  const capitals = words.filter((word) => /^\p{Lu}/u.test(word)).length;
  found.add(both(both(kind, named('capitals')), capitals === words.length ? 2 : Math.min(capitals, 1)));
  found.add(both(kind, both(named('first'), named((words[0] ?? '').toLowerCase()))));
  found.add(both(shape, both(named('last'), named((words.at(-1) ?? '').toLowerCase()))));
  found.add(both(shape, both(named('before'), named(before))));
  found.add(both(kind, both(named('before'), named(before))));
  return { answer: text.replaceAll(/\s+/g, ' '), features: found.features, values: found.values };
}

/** The word that says what is asked for, with the next one for `how`. */
function questionKind(question: string): string {
  const [, word = 'other', next = ''] =
    /\b(who|whom|whose|what|which|when|where|why|how)\b(?:\s+(\w+))?/i.exec(question) ?? [];
  const asked = word.toLowerCase();
  if (asked === 'how' || asked === 'what') return `${asked} ${next.toLowerCase()}`;
  return asked === 'other' ? (/^(?:is|are|do|does|can|did)\b/i.exec(question)?.[0].toLowerCase() ?? asked) : asked;
}

function sentencesOf(passage: string): string[] {
  return (passage.match(/[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]*["'’”]*/g) ?? [])
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** The training questions, by the weight of the words they share with a new one. */
class Memory {
  readonly #entries: readonly { readonly words: readonly string[]; readonly answer: string }[];
  readonly #rarity = new Map<string, number>();
  readonly #unseen: number;

  constructor(remembered: readonly Remembered[]) {
    this.#entries = remembered.map(({ question, answer }) => ({
      words: [...new Set(contentWords(question))],
      answer,
    }));
    const counts = new Map<string, number>();
    for (const { words } of this.#entries) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    this.#unseen = Math.log(1 + this.#entries.length);
    for (const [word, count] of counts) this.#rarity.set(word, Math.log((1 + this.#entries.length) / count));
  }

  /** Share of the question's weight that the words hold. */
  nearness(asked: ReadonlySet<string>, words: readonly string[]): number {
    let all = 0;
    let shared = 0;
    const there = new Set(words);
    for (const word of asked) {
      const weight = this.#rarity.get(word) ?? this.#unseen;
      all += weight;
      if (there.has(word)) shared += weight;
    }
    return all === 0 ? 0 : shared / all;
  }

  nearest(asked: ReadonlySet<string>, kind: number): Candidate[] {
    const scored = this.#entries.map(({ words, answer }, index) => ({
      near: this.nearness(asked, words) / Math.sqrt(1 + words.length),
      answer,
      index,
    }));
    scored.sort((a, b) => b.near - a.near || a.index - b.index);
    return scored.slice(0, retrieved).map(({ near, answer }, rank) => {
      const found = new Features();
      found.add(both(named('remembered'), rank));
      found.add(named('remembered near'), near);
      found.add(both(kind, named('remembered digit')), /\d/.test(answer) ? 1 : 0);
      found.add(both(named('remembered length'), bucket(answer.split(' ').length)));
      return { answer, features: found.features, values: found.values };
    });
  }
}
