import { splitLabels } from '../answers/label-set.ts';
import { plainly } from './asking.ts';
import type { Asking } from './asking.ts';
import { classification } from './classification.ts';
import { abstractiveQa, generic } from './free-answer.ts';
import { math } from './math.ts';
import { multiLabel } from './multi-label.ts';
import { multipleChoice } from './multiple-choice.ts';
import type { Task } from './task.ts';

interface TaskKind {
  open(labels: readonly string[], asking: Asking): Task;
  /** What precedes the input where the data bring no instruction. */
  readonly instruction: string;
  /** The labels in an answer; absent where answers are no labels. */
  labelsIn?(answer: string): readonly string[];
}

const tasks = {
  classification: {
    open: classification,
    instruction: 'Name the label that fits this text.',
    labelsIn: (answer) => [answer],
  },
  'multi-label': {
    open: multiLabel,
    instruction: 'List the labels that fit this text, separated by semicolons.',
    labelsIn: splitLabels,
  },
  'multiple-choice': {
    open: (_, asking) => multipleChoice(asking),
    instruction: 'Answer the question with the letter of the right choice.',
  },
  math: {
    open: (_, asking) => math(asking),
    instruction: 'Solve the problem. The answer is a number or an expression.',
  },
  'abstractive-qa': { open: (_, asking) => abstractiveQa(asking), instruction: 'Answer the question in a few words.' },
  generic: { open: (_, asking) => generic(asking), instruction: 'Answer in one line.' },
} satisfies Record<string, TaskKind>;

export type TaskName = keyof typeof tasks;
export const taskNames = Object.keys(tasks).filter((name): name is TaskName => Object.hasOwn(tasks, name));

/**
 * The task of a run over its data set. `labels`: every label of the data set; empty where a task has none. `asking`
 * matters to the prompts of the teacher only.
 */
export function openTask(name: TaskName, labels: readonly string[], asking: Asking = plainly): Task {
  return tasks[name].open(labels, asking);
}

export function defaultInstruction(name: TaskName): string {
  return tasks[name].instruction;
}

/** The labels in an answer; undefined where the answers of the task are no labels. */
export function labelsInAnswer(name: TaskName, answer: string): readonly string[] | undefined {
  const kind: TaskKind = tasks[name];
  return kind.labelsIn?.(answer);
}
