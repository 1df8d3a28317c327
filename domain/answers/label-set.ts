/** Sets of labels written as one answer, `grain; wheat`. */
import { answerExtractor, answerLineOf, exactLabel } from './answers.ts';

const separator = ';';

/** One answer from labels that hold no semicolon. */
export function joinLabels(labels: readonly string[]): string {
  return labels.join(`${separator} `);
}

/** The labels of an answer, each once, in its order. */
export function splitLabels(answer: string): string[] {
  return [...new Set(answer.split(separator).map((label) => label.trim()))].filter((label) => label !== '');
}

/**
 * Reads the label sets of one data set: the parts of the answer line between semicolons, each as in single-label
 * classification. What is no label is left out; null where no label is left.
 */
export function labelSetExtractor(labels: readonly string[]): (output: string) => string | null {
  const read = answerExtractor(labels);
  return (output) => {
    const parts = splitLabels(answerLineOf(output) ?? '');
    const found = parts.map((part) => read(`answer is: ${part}`)).filter((label) => label !== null);
    return found.length === 0 ? null : joinLabels([...new Set(found)]);
  };
}

/** Reads an answer that has to be labels and nothing else: null where a part is no label. Case is no difference. */
export function strictLabelSet(labels: readonly string[]): (answer: string) => string | null {
  const exact = exactLabel(labels);
  return (answer) => {
    const found = splitLabels(answer).map((part) => exact(part));
    const all = found.filter((label) => label !== undefined);
    return all.length === 0 || all.length < found.length ? null : joinLabels([...new Set(all)]);
  };
}

/** F1 of one predicted set against one gold set. */
export function setF1(predicted: string | null, gold: string): number {
  const guess = new Set(splitLabels(predicted ?? ''));
  const wanted = new Set(splitLabels(gold));
  const all = guess.size + wanted.size;
  return all === 0 ? 0 : (2 * [...guess].filter((label) => wanted.has(label)).length) / all;
}
