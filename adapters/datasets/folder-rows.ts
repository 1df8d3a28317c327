/** The rows of a folder of the data folder by the field names its README gives them: how the embedded teachers read. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Row } from '../../contracts/records.ts';
import type { FileData } from '../../contracts/run/run-file.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';
import { normalizeRow } from './normalize-row.ts';

/** A row with the solution that a person wrote for it, where the data have one. */
export interface FolderRow extends Row {
  readonly rationale: string | null;
}

const common = { id: 'id', domain: 'domain', answer: 'answer' };
const texts = { ...common, instruction: 'instruction', input: 'input' };
const questions = { ...common, input: 'input', question: 'question' };
const fieldsOf = {
  classification: texts,
  generic: texts,
  'multi-label': { ...texts, labels: 'labels' },
  math: questions,
  'multiple-choice': { ...questions, choices: 'choices' },
  'abstractive-qa': { ...questions, references: 'answers' },
} satisfies Record<TaskName, FileData['fields']>;

/** Fields that decide which rows are in the reserve, and what a row asks. */
const telling = ['id', 'domain', 'input', 'question', 'choices', 'labels'] as const;

/** Whether a run reads the training rows as `readFolderRows` does: then both draw the same reserve. */
export function isFolderMap(data: FileData, task: TaskName): boolean {
  const known: FileData['fields'] = fieldsOf[task];
  const same = telling.every((key) => data.fields[key] === known[key]);
  return same && data.folder !== undefined && data.train === 'train.jsonl' && data.domainFrom === undefined;
}

const Solution = z.object({ rationale: z.string().min(1).nullish().catch(null) });

/** Throws an `Error` that names file, line and field of the first row that is none of this task. */
export function readFolderRows(path: string, task: TaskName): FolderRow[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      if (line.trim() === '') return [];
      const value: unknown = JSON.parse(line);
      const normalized = normalizeRow(value, { fields: fieldsOf[task] }, task);
      if (normalized.ok) return [{ ...normalized.row, rationale: Solution.parse(value).rationale ?? null }];
      const { field, expected } = normalized.problems[0] ?? { field: null, expected: 'a row' };
      throw new Error(`${path}, line ${index + 1}: ${field ?? 'row'}: expected ${expected}`);
    });
}
