/**
 * Single-label classification. The student's prompt never holds the domain. Fixed text comes first so that a
 * provider's prompt cache can hit.
 */
import { answerExtractor } from '../answers.ts';
import { classificationMetrics } from '../metrics.ts';
import { answerLine, cue, withoutAnswerLine } from './answer-line.ts';
import { exampleOf, parseSynthesis } from './tagged-text.ts';
import type { Invented, Task } from './task.ts';

/** `labels`: every label of the data set, in the order of the prompts. */
export function classification(labels: readonly string[]): Task {
  const known = new Set(labels);
  const list = labels.join(', ');
  const read = answerExtractor(labels);

  const readSynthesis = (text: string, domain: string): Invented | string => {
    const synthesis = parseSynthesis(text);
    if (synthesis === undefined) return 'unparseable';
    const label = read(answerLine(synthesis.answer));
    // Where the label is what is long-tailed, a text with another label belongs to another domain.
    if (label === null || (known.has(domain) && label !== domain)) return 'wrong_label';
    const { input, rationale } = synthesis;
    return { input, answer: label, rationale: withoutAnswerLine(rationale), consistent: read(rationale) === label };
  };

  return {
    promptVersion: 'classification-1',
    studentPrompt: ({ instruction, input }) => `${instruction}\n\nLabels: ${list}\n\nText:\n${input}\n\n${cue}\n`,
    annotatePrompt: ({ instruction, input, answer }) => [
      {
        role: 'system',
        content:
          'You explain how texts are classified. Think step by step about the text, name the words and facts that ' +
          'decide, and close with one line of the form "The answer is: LABEL".',
      },
      {
        role: 'user',
        content:
          `${instruction}\n\nLabels: ${list}\n\n<text>\n${input}\n</text>\n\n` +
          `The correct label is <label>${answer}</label>. Explain step by step why, then close with ` +
          `"${answerLine(answer)}".`,
      },
    ],
    synthesisePrompt: ({ instruction, domain, shown }) => {
      const examples = shown.map(({ input }) => exampleOf(input)).join('\n');
      // The domain may be no label itself.
      const wanted = known.has(domain)
        ? `with the label <label>${domain}</label>`
        : `of the kind <label>${domain}</label>, with whichever label fits it`;
      return [
        {
          role: 'system',
          content:
            'You invent realistic texts for a classification data set. Answer with three tagged parts and nothing else: ' +
            '<input>the new text</input> <rationale>step by step, which words and facts decide, closing with the line ' +
            '"The answer is: LABEL"</rationale> <answer>LABEL</answer>',
        },
        {
          role: 'user',
          content: `${instruction}\n\nLabels: ${list}\n\nInvent one new text ${wanted}, different from these real ones:\n${examples}`,
        },
      ];
    },
    verifyPrompt: ({ instruction, input }) => [
      {
        role: 'system',
        content:
          'You classify texts. Think step by step about the text, and close with one line of the form ' +
          '"The answer is: LABEL".',
      },
      { role: 'user', content: `${instruction}\n\nLabels: ${list}\n\n<text>\n${input}\n</text>` },
    ],
    shownAs: ({ input }) => exampleOf(input),
    readSynthesis,
    extract: (output) => read(output),
    agrees: (extracted, { answer }) => extracted === answer,
    metrics: ({ judged, pool, slots, seed }) =>
      classificationMetrics({ judged, labels, scored: scoredLabels(judged), pool, slots, seed }),
  };
}

/** Labels with support in the split: fixed by the data, before any student exists. */
function scoredLabels(judged: readonly { readonly gold: string }[]): string[] {
  return [...new Set(judged.map(({ gold }) => gold))].sort();
}
