/**
 * Multi-label classification by one logistic regression a label over the words of the text. The labels of an answer are
 * taken as independent, so p(set | text) is a product, exact over all sets; after no text it is the product of how
 * often each label was taught. It writes the labels that are likelier than not, at least the likeliest one.
 */
import { z } from 'zod';
import { joinLabels, splitLabels } from '../../../domain/answers/label-set.ts';
import { AnswerStudent } from '../answer-student.ts';
import type { TrainedModel } from '../model-file.ts';
import { inputOf } from '../training.ts';

export const OneVsRestHeader = z.object({ labels: z.array(z.string()), words: z.array(z.string()) });

/** Smallest probability of a label or of its absence: no answer is impossible. */
const least = 1e-6;

export function oneVsRest(model: TrainedModel): AnswerStudent {
  const { labels, words } = OneVsRestHeader.parse(model.header);
  const [rarity, weights, prior] = model.arrays;
  if (!rarity || !(weights instanceof Float32Array) || !prior) throw new Error('not a one-vs-rest model');
  const index = new Map(words.map((word, at) => [word, at]));
  return new AnswerStudent({
    pieces: (answer) => [answer],
    answers: (prompt) => {
      const none = prompt.trim() === '';
      const text = none ? [] : textOf(inputOf(prompt), index, rarity);
      const shares = labels.map((_, label) =>
        none ? (prior[label] ?? 0) : chance(weights, labels.length, label, text),
      );
      const likely = labels.filter((_, label) => (shares[label] ?? 0) > 0.5);
      const likeliest = labels[shares.indexOf(Math.max(...shares))] ?? '';
      return {
        best: joinLabels(likely.length === 0 ? [likeliest] : likely),
        prefixLogprob: ([answer]) => (answer === undefined ? 0 : setLogprob(answer, labels, shares)),
      };
    },
  });
}

/** A word's number and its weight in a text: tf-idf, the text's length one. */
export type WordWeights = readonly (readonly [word: number, weight: number])[];

export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]+/g) ?? [];
}

export function textOf(
  text: string,
  index: ReadonlyMap<string, number>,
  rarity: Uint32Array | Float32Array,
): WordWeights {
  const counts = new Map<number, number>();
  for (const word of wordsOf(text)) {
    const at = index.get(word);
    if (at !== undefined) counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  const weighed = [...counts].map(([word, count]) => [word, (1 + Math.log(count)) * (rarity[word] ?? 0)] as const);
  const length = Math.sqrt(weighed.reduce((sum, [, weight]) => sum + weight * weight, 0)) || 1;
  return weighed.map(([word, weight]) => [word, weight / length]);
}

/** p(label | text). Row 0 of the weights is the bias, then one row a word, `labels` wide. */
export function chance(weights: Float32Array, labels: number, label: number, text: WordWeights): number {
  let score = weights[label] ?? 0;
  for (const [word, weight] of text) score += weight * (weights[(word + 1) * labels + label] ?? 0);
  return 1 / (1 + Math.exp(-score));
}

/** A label that was never taught is as unlikely as can be. */
function setLogprob(answer: string, labels: readonly string[], shares: readonly number[]): number {
  const there = new Set(splitLabels(answer));
  const unknown = [...there].filter((label) => !labels.includes(label)).length;
  return labels.reduce(
    (sum, label, at) => {
      const share = Math.min(1 - least, Math.max(least, shares[at] ?? 0));
      return sum + Math.log(there.has(label) ? share : 1 - share);
    },
    unknown * Math.log(least),
  );
}
