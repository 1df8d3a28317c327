/** The texts that are sent: small, harmless, with the prompts of a run (domain/tasks), so that any student can learn them. */
import { studentTarget } from '../../domain/tasks/answer-line.ts';
import { classification } from '../../domain/tasks/classification.ts';

const nouns = {
  animal: ['fur and four legs', 'a tail and sharp teeth', 'wings and a beak', 'fur and sharp teeth'],
  food: ['sugar and butter', 'baked dough with butter', 'salted and fried', 'sugar and fried dough'],
  plant: ['green leaves and roots', 'white flowers', 'a woody stem and leaves', 'roots and white flowers'],
} as const;
const task = classification(Object.keys(nouns));

export function studentPrompt(input: string): string {
  return task.studentPrompt({ instruction: 'Name the category.', input });
}

export const prompts = ['it has fur', 'it has roots', 'it has sugar', 'it has wings and white leaves'].map(
  studentPrompt,
);
export const prompt = studentPrompt('it has fur and sharp teeth');
/** What the samples teach to write after `prompt`. */
export const taught = target('animal');

function target(label: string): string {
  return studentTarget(`It is one of the ${label} kind.`, label);
}

/** OpenAI chat JSONL, twelve examples a turn. */
export function trainingText(turns: number): string {
  const lines: string[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [label, texts] of Object.entries(nouns)) {
      for (const text of texts) {
        const messages = [
          { role: 'user', content: studentPrompt(`it has ${text}${', seen'.repeat(turn % 5)}`) },
          { role: 'assistant', content: target(label) },
        ];
        lines.push(JSON.stringify({ messages }));
      }
    }
  }
  return lines.join('\n');
}

/** The third line is no JSON. */
export const brokenLine = 3;
export function brokenTrainingText(): string {
  const [first = '', second = '', ...rest] = trainingText(1).split('\n');
  return [first, second, '{"messages": [', ...rest].join('\n');
}

/** Accents as one and as two code points, a script without spaces, right to left, beyond the first plane, joined. */
export const unicodeText = 'Caf\u00e9 cafe\u0301 東京 שלום 🙂 👩\u200d🔬 end';
