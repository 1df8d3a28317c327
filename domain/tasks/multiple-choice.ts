/** Multiple choice: the answer is the letter of one of the choices. */
import { rowShares } from '../metrics/macro-shares.ts';
import { choiceLetter, extractChoice, mostChoices, namesChoice } from '../answers/choice-answer.ts';
import type { SeededRandom } from '../random.ts';
import { unreadableReason } from '../reading/unusable.ts';
import { rowMetrics } from '../metrics/row-metrics.ts';
import { answerLine, withoutAnswerLine } from './answer-line.ts';
import type { Asking } from './asking.ts';
import { promptsOf } from './prompts.ts';
import { parseSynthesis } from './tagged-text.ts';
import type { SyntheticRow, JudgedRow, Task } from './task.ts';

export function multipleChoice(asking: Asking): Task {
  return {
    ...promptsOf(
      {
        version: 'multiple-choice-2',
        heading: 'Question',
        explain:
          'You explain the answers of multiple-choice questions. Think step by step, and speak of the choices in their ' +
          'words, not by letter.',
        invent:
          'You invent multiple-choice questions of which one choice is right. In the rationale speak of the choices in ' +
          'their words, not by letter.',
        answer: 'LETTER',
        withChoices: true,
      },
      asking,
    ),
    readSynthesis,
    extract: (output, { choices }) => extractChoice(output, choices?.length ?? mostChoices),
    agrees: (extracted, { answer }) => extracted === answer,
    metrics: (evaluation) => rowMetrics(evaluation, 'accuracy', right),
    shares: (row) => rowShares(row.domain, right(row)),
  };
}

function right({ predicted, gold }: JudgedRow): number {
  return predicted === gold ? 1 : 0;
}

/**
 * Teachers like to put the right choice first: a synthetic row's choices are put in random order. A rationale that
 * speaks of them by letter would then teach the wrong ones, so such a row teaches its answer alone.
 */
function readSynthesis(text: string, _domain: string, random: SeededRandom): SyntheticRow | string {
  const synthesis = parseSynthesis(text);
  if (synthesis === undefined) return unreadableReason(text);
  if (synthesis.choices === undefined) return 'unparseable';
  const { choices, input, rationale } = synthesis;
  const gold = extractChoice(answerLine(synthesis.answer), choices.length);
  const distinct = new Set(choices.map((choice) => choice.toLowerCase())).size === choices.length;
  if (gold === null || choices.length < 2 || choices.length > mostChoices || !distinct) return 'bad_choices';
  const order = random.shuffle([...choices.keys()]);
  const moved = order.some((index, place) => index !== place);
  const reasons = withoutAnswerLine(rationale);
  return {
    input,
    choices: order.map((index) => choices[index] ?? ''),
    answer: choiceLetter(order.findIndex((index) => choiceLetter(index) === gold)),
    rationale: moved && namesChoice(reasons, choices.length) ? '' : reasons,
    consistent: extractChoice(rationale, choices.length) === gold,
  };
}
