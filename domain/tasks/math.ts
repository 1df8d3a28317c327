/** Math problems: the answer is a number or a simple expression, compared in value. */
import { rowShares } from '../metrics/macro-shares.ts';
import { extractMath, normalizeMath, sameMath } from '../answers/math-answer.ts';
import { unreadableReason } from '../reading/unusable.ts';
import { rowMetrics } from '../metrics/row-metrics.ts';
import { withoutAnswerLine } from './answer-line.ts';
import type { Asking } from './asking.ts';
import { promptsOf } from './prompts.ts';
import { parseSynthesis } from './tagged-text.ts';
import type { SyntheticRow, JudgedRow, Task } from './task.ts';

export function math(asking: Asking): Task {
  return {
    ...promptsOf(
      {
        version: 'maths-2',
        heading: 'Question',
        explain: 'You solve maths problems step by step, one calculation a line.',
        invent: 'You invent maths problems and solve them step by step, one calculation a line.',
        answer: 'NUMBER',
      },
      asking,
    ),
    readSynthesis,
    extract: (output) => extractMath(output),
    agrees: (extracted, { answer }) => agree(extracted, answer),
    metrics: (evaluation) => rowMetrics(evaluation, 'accuracy', right),
    shares: (row) => rowShares(row.domain, right(row)),
  };
}

function right({ predicted, gold }: JudgedRow): number {
  return agree(predicted, gold) ? 1 : 0;
}

function agree(extracted: string | null, gold: string): boolean {
  return extracted !== null && sameMath(extracted, normalizeMath(gold));
}

function readSynthesis(text: string): SyntheticRow | string {
  const synthesis = parseSynthesis(text);
  const answer = normalizeMath(synthesis?.answer ?? '');
  if (synthesis === undefined || answer === '') return unreadableReason(text);
  const { input, rationale } = synthesis;
  return {
    input,
    answer,
    rationale: withoutAnswerLine(rationale),
    consistent: agree(extractMath(rationale), answer),
  };
}
