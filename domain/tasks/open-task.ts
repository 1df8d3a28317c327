import { classification } from './classification.ts';
import type { Task } from './task.ts';

const tasks = { classification } satisfies Record<string, (labels: readonly string[]) => Task>;

export type TaskName = keyof typeof tasks;
export const taskNames = Object.keys(tasks).filter((name): name is TaskName => Object.hasOwn(tasks, name));

/** The task of a run over its data set. `labels`: every label of the data set; empty where a task has none. */
export function openTask(name: TaskName, labels: readonly string[]): Task {
  return tasks[name](labels);
}
