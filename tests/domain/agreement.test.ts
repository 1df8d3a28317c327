/** Metrics and extraction against independent implementations, 1,000 seeded cases each. */
import { expect, test } from 'vitest';
import { rougeLScore } from '../../activities/student/rouge-l.ts';
import { extractChoice } from '../../domain/answers/choice-answer.ts';
import { labelSetMetrics } from '../../domain/metrics/label-set-metrics.ts';
import { joinLabels } from '../../domain/answers/label-set.ts';
import { normalizeMath, sameMath } from '../../domain/answers/math-answer.ts';
import { openTask } from '../../domain/tasks/open-task.ts';
import { wordF1 } from '../../domain/answers/short-answer.ts';
import { cases } from './reference/cases.ts';
import { computedValues, storedValues } from './reference/python.ts';

const computed = computedValues();
const expected = computed ?? storedValues();
const source =
  computed === undefined ? 'the stored values; no Python with scikit-learn and rouge-score here' : 'Python';

const evaluation = { pool: {}, slots: 10, seed: 0 };

function near(actual: readonly number[], wanted: readonly number[] | undefined, index: number): void {
  const differences = actual.map((value, at) => Math.abs(value - (wanted?.[at] ?? NaN)));
  expect({ index, near: differences.every((difference) => difference < 1e-9) }).toEqual({ index, near: true });
}

test(`classification: macro F1 and accuracy as scikit-learn has them (${source})`, { timeout: 60_000 }, () => {
  for (const [index, { gold, predicted, labels }] of cases.classification.entries()) {
    const judged = gold.map((label, row) => ({ domain: label, gold: label, predicted: predicted[row] ?? null }));
    const { macro, micro } = openTask('classification', labels).metrics({ judged, ...evaluation });
    near([macro, micro], expected.classification[index], index);
  }
});

test(`multi-label: macro, micro and set F1 as scikit-learn has them (${source})`, { timeout: 60_000 }, () => {
  for (const [index, { gold, predicted, labels }] of cases['multi-label'].entries()) {
    const judged = gold.map((set, row) => {
      const guess = predicted[row] ?? [];
      // One domain: then the macro of the second figure is its mean over all rows.
      return { domain: 'all', gold: joinLabels(set), predicted: guess.length === 0 ? null : joinLabels(guess) };
    });
    const { macro, micro, secondary } = labelSetMetrics({ judged, ...evaluation }, labels);
    near([macro, micro, secondary?.[0]?.macro ?? NaN], expected['multi-label'][index], index);
  }
});

test(`word F1 as SQuAD defines it (${source})`, () => {
  for (const [index, [predicted, gold]] of cases['word-f1'].entries()) {
    near([wordF1(predicted, gold)], expected['word-f1'].slice(index, index + 1), index);
  }
});

test(`ROUGE-L as rouge-score has it (${source})`, () => {
  for (const [index, [predicted, gold]] of cases['rouge-l'].entries()) {
    near([rougeLScore(predicted, gold)], expected['rouge-l'].slice(index, index + 1), index);
  }
});

test(`maths: equal as exact fractions (${source})`, () => {
  const found = cases.maths.map(([first, second]) => sameMath(normalizeMath(first), normalizeMath(second)));
  const wrong = found.flatMap((same, index) => (same === expected.maths[index] ? [] : [[cases.maths[index], same]]));
  expect(wrong).toEqual([]);
  expect(found.filter(Boolean).length).toBeGreaterThan(300);
});

test(`multiple choice: the letter by a second reading of the definition (${source})`, () => {
  const found = cases.choice.map(([output, count]) => extractChoice(output, count));
  const wrong = found.flatMap((letter, index) =>
    letter === expected.choice[index] ? [] : [[cases.choice[index], letter, expected.choice[index]]],
  );
  expect(wrong).toEqual([]);
  expect(found.filter((letter) => letter !== null).length).toBeGreaterThan(400);
});
