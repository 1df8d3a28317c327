/** Multi-label classification: an answer is a set of labels, `grain; wheat`. Domain: one of them, or any field. */
import { joinLabels, labelSetExtractor, setF1, splitLabels, strictLabelSet } from '../answers/label-set.ts';
import { labelSetMetrics } from '../metrics/label-set-metrics.ts';
import { unreadableReason } from '../reading/unusable.ts';
import { labelShares } from '../metrics/macro-shares.ts';
import { withoutAnswerLine } from './answer-line.ts';
import type { Asking } from './asking.ts';
import { promptsOf } from './prompts.ts';
import { parseSynthesis } from './tagged-text.ts';
import type { SyntheticRow, Task } from './task.ts';

/** `labels`: every label of the data set, in the order of the prompts. */
export function multiLabel(labels: readonly string[], asking: Asking): Task {
  const known = new Set(labels);
  const read = labelSetExtractor(labels);
  const readStrictly = strictLabelSet(labels);

  const readSynthesis = (text: string, domain: string): SyntheticRow | string => {
    const synthesis = parseSynthesis(text);
    if (synthesis === undefined) return unreadableReason(text);
    // `grain, wheat` and `not wheat` hold a label, but the row would lose or gain one.
    const answer = readStrictly(synthesis.answer);
    if (answer === null || (known.has(domain) && !splitLabels(answer).includes(domain))) return 'wrong_label';
    const { input, rationale } = synthesis;
    return { input, answer, rationale: withoutAnswerLine(rationale), consistent: sameLabels(read(rationale), answer) };
  };

  return {
    ...promptsOf(
      {
        version: 'multi-label-2',
        heading: 'Text',
        labelList: joinLabels(labels),
        explain:
          'You explain which labels fit a text. Think step by step about the text and name the words and facts that ' +
          'decide for each label.',
        invent:
          'You invent realistic texts for a classification data set where a text has one or more labels. The kind ' +
          'asked for is one of the labels of the new text.',
        answer: 'LABEL; LABEL',
      },
      asking,
    ),
    readSynthesis,
    extract: read,
    agrees: (extracted, { answer }) => sameLabels(extracted, answer),
    metrics: (evaluation) => labelSetMetrics(evaluation, labels),
    shares: ({ gold, predicted }) => labelShares(splitLabels(gold), predicted === null ? [] : splitLabels(predicted)),
  };
}

function sameLabels(first: string | null, second: string): boolean {
  return setF1(first, second) === 1;
}
