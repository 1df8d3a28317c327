/**
 * Single-label classification. The student's prompt never holds the domain. Fixed text comes first so that a
 * provider's prompt cache can hit.
 */
import { answerExtractor } from '../answers/answers.ts';
import { labelShares } from '../metrics/macro-shares.ts';
import { classificationMetrics } from '../metrics/metrics.ts';
import { unreadableReason } from '../reading/unusable.ts';
import { answerLine, cue, withoutAnswerLine } from './answer-line.ts';
import { askedIn, plainly } from './asking.ts';
import type { Asking, TaskWords } from './asking.ts';
import { exampleOf, parseSynthesis } from './tagged-text.ts';
import type { SyntheticRow, Task } from './task.ts';

/** `labels`: every label of the data set, in the order of the prompts. */
export function classification(labels: readonly string[], asking: Asking = plainly): Task {
  const known = new Set(labels);
  const list = labels.join(', ');
  const read = answerExtractor(labels);

  // The domain may be no label itself.
  const wanted = (domain: string): Record<string, string> => ({
    wanted: known.has(domain)
      ? `with the label <label>${domain}</label>`
      : `of the kind <label>${domain}</label>, with whichever label fits it`,
  });

  const readSynthesis = (text: string, domain: string): SyntheticRow | string => {
    const synthesis = parseSynthesis(text);
    if (synthesis === undefined) return unreadableReason(text);
    const label = read(answerLine(synthesis.answer));
    // Where the label is what is long-tailed, a text with another label belongs to another domain.
    if (label === null || (known.has(domain) && label !== domain)) return 'wrong_label';
    const { input, rationale } = synthesis;
    return { input, answer: label, rationale: withoutAnswerLine(rationale), consistent: read(rationale) === label };
  };

  return {
    ...askedIn({ ...wordsOf(asking), labels, labelList: list, synthesisValues: wanted }, asking),
    promptVersion: 'classification-2',
    studentPrompt: ({ instruction, input }) => `${instruction}\n\nLabels: ${list}\n\nText:\n${input}\n\n${cue}\n`,
    shownAs: ({ input }) => exampleOf(input),
    readSynthesis,
    extract: (output) => read(output),
    agrees: (extracted, { answer }) => extracted === answer,
    metrics: ({ judged, pool, slots, seed }) =>
      classificationMetrics({ judged, labels, scored: scoredLabels(judged), pool, slots, seed }),
    shares: ({ gold, predicted }) => labelShares([gold], predicted === null ? [] : [predicted]),
  };
}

/** The prompt texts. The `text` form keeps those of the first version, so that answers paid for then are found. */
function wordsOf({ output }: Asking): Pick<TaskWords, 'templates' | 'answer' | 'withChoices' | 'body' | 'shown'> {
  const plain = output === 'text';
  const explained = 'You explain how texts are classified. Think step by step about the text, ';
  const opening = 'You invent realistic texts for a classification data set. ';
  const blind = 'You classify texts. Think step by step about the text';
  const asked = '{instruction}\n\nLabels: {labels}\n\n';
  const text = '<text>\n{input}\n</text>';
  const closing = 'close with one line of the form "The answer is: LABEL".';
  return {
    answer: 'LABEL',
    withChoices: false,
    body: ({ input }) => input,
    shown: ({ input }) => exampleOf(input),
    templates: {
      annotate: {
        system: plain
          ? `${explained}name the words and facts that decide, and ${closing}`
          : `${explained}and name the words and facts that decide. {format}`,
        user:
          `${asked}${text}\n\nThe correct label is <label>{answer}</label>. Explain step by step why` +
          (plain ? `, then close with "${answerLine('{answer}')}".` : '.'),
      },
      synthesize: {
        system: plain
          ? `${opening}Answer with three tagged parts and nothing else: <input>the new text</input> <rationale>step by ` +
            'step, which words and facts decide, closing with the line "The answer is: LABEL"</rationale> ' +
            '<answer>LABEL</answer>'
          : `${opening}The rationale says which words and facts decide. {format}`,
        user: `${asked}Invent one new text {wanted}, different from these real ones:\n{examples}\n\n{avoid}`,
      },
      verify: {
        system: plain ? `${blind}, and ${closing}` : `${blind}. {format}`,
        user: `${asked}${text}`,
      },
    },
  };
}

/** Labels with support in the split: fixed by the data, before any student exists. */
function scoredLabels(judged: readonly { readonly gold: string }[]): string[] {
  return [...new Set(judged.map(({ gold }) => gold))].sort();
}
