/** Counts for the label-only student, and its curve: mean -log p(label | input) over each tenth of the rows, after counting. */
import { answerToken } from './label-tokens.ts';
import type { TrainedModel } from '../model-file.ts';
import { NaiveBayes } from './naive-bayes.ts';
import { bos } from '../tokens.ts';
import { answerOf, inputOf, type Training, type TrainingRow } from '../training.ts';

const curvePoints = 10;

export function* trainNaiveBayes(rows: readonly TrainingRow[]): Training {
  const labelCounts = new Map<string, number>();
  const words = new Map<string, Map<string, number>>();
  const answers: string[] = [];
  for (const row of rows) {
    const answer = answerOf(row);
    answers.push(answer);
    labelCounts.set(answer, (labelCounts.get(answer) ?? 0) + 1);
    for (const label of declaredLabels(row.prompt)) if (!labelCounts.has(label)) labelCounts.set(label, 0);
    for (const word of inputOf(row.prompt)
      .toLowerCase()
      .match(/[a-z]+/g) ?? []) {
      const counts = words.get(word) ?? new Map<string, number>();
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
      words.set(word, counts);
    }
    yield undefined;
  }
  const model = yield* pack(labelCounts, words);
  yield undefined;
  const student = new NaiveBayes(model);
  let loss = 0;
  let start = 0;
  for (const [index, row] of rows.entries()) {
    const score = student.score([bos, ...student.encode(row.prompt), answerToken(answers[index] ?? '')], 0).at(-1);
    loss -= score?.logprob ?? 0;
    const step = index + 1;
    const ended = Math.floor((step * curvePoints) / rows.length) > Math.floor((index * curvePoints) / rows.length);
    yield ended ? { step, loss: loss / (step - start) } : undefined;
    if (ended) [loss, start] = [0, step];
  }
  return model;
}

function declaredLabels(prompt: string): string[] {
  const line = /\n\nLabels: ([^\n]*)\n\nText:\n/.exec(prompt)?.[1];
  return line ? line.split(', ') : [];
}

function* pack(
  labelCounts: Map<string, number>,
  words: Map<string, Map<string, number>>,
): Generator<undefined, TrainedModel> {
  const labels = [...labelCounts.keys()].sort();
  const index = new Map(labels.map((label, at) => [label, at]));
  const vocabulary = [...words.keys()].sort();
  const starts = new Uint32Array(vocabulary.length + 1);
  const pairs: [label: number, count: number][] = [];
  for (const [at, word] of vocabulary.entries()) {
    const counts = [...(words.get(word) ?? [])].map(([label, count]): [number, number] => [
      index.get(label) ?? 0,
      count,
    ]);
    pairs.push(...counts.sort(([a], [b]) => a - b));
    starts[at + 1] = pairs.length;
    if (at % 1000 === 0) yield undefined;
  }
  return {
    header: { labels, words: vocabulary },
    arrays: [
      Uint32Array.from(labels, (label) => labelCounts.get(label) ?? 0),
      starts,
      Uint32Array.from(pairs, ([label]) => label),
      Uint32Array.from(pairs, ([, count]) => count),
    ],
  };
}
