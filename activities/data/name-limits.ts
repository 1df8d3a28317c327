/** Counts the domains and labels of a data set while it is read, and reports too many of them. */
import { longestLabelList, mostNames } from '../../domain/data/data-limits.ts';
import { labelsInAnswer } from '../../domain/tasks/open-task.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';
import type { Row } from '../../contracts/records.ts';
import type { DataProblems } from './data-problems.ts';

export interface NameLimits {
  add(row: Row): void;
  report(problems: Pick<DataProblems, 'add'>): void;
}

export function createNameLimits(task: TaskName): NameLimits {
  const domains = new Set<string>();
  const labels = new Set<string>();
  let characters = 0;
  return {
    add({ domain, answer }) {
      // One name above the limit is enough to report it.
      if (domains.size <= mostNames) domains.add(domain);
      for (const label of labelsInAnswer(task, answer) ?? []) {
        if (labels.size > mostNames || labels.has(label)) continue;
        labels.add(label);
        characters += label.length;
      }
    },
    report(problems) {
      const add = (expected: string): void =>
        problems.add({ file: 'all data files', line: null, field: null, value: null, expected });
      if (domains.size > mostNames) add(`at most ${mostNames} domains`);
      if (labels.size > mostNames) add(`at most ${mostNames} labels; is fields.answer a free text?`);
      else if (characters > longestLabelList)
        add(
          `at most ${longestLabelList} characters in all labels together, since every prompt lists them, not ${characters}`,
        );
    },
  };
}
