/** The templates that a run file names (`teacher.prompts`): read once, so that their text is a part of the run. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { RunSpec, TeacherConfig } from '../../contracts/run/run-file.ts';
import { labelsInAnswer } from '../../domain/tasks/open-task.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';
import { askKinds, templateProblems } from '../../domain/tasks/template.ts';
import type { Finding } from './semantics.ts';

/** The text travels with the run's settings, and these with every step. */
const longestTemplate = 8000;
/** The most bytes a template of the allowed length can have; a larger file is not read. */
const largestFile = 4 * longestTemplate;

export interface PromptFiles {
  readonly prompts: RunSpec['prompts'];
  readonly findings: readonly Finding[];
}

/** `task` undefined: the file names an unknown one, which is reported elsewhere. */
export function readPromptFiles(
  teacher: TeacherConfig | undefined,
  task: TaskName | undefined,
  runFile: string,
): PromptFiles {
  const prompts: RunSpec['prompts'] = {};
  const findings: Finding[] = [];
  const files = teacher?.prompts ?? {};
  for (const kind of askKinds) {
    const file = files[kind];
    if (file === undefined) continue;
    const path = ['teacher', 'prompts', kind];
    const reading = readTemplate(resolve(dirname(runFile), file));
    if ('expected' in reading) {
      findings.push({ path, expected: reading.expected });
      continue;
    }
    prompts[kind] = reading.text;
    if (task === undefined) continue;
    const labeled = labelsInAnswer(task, '') !== undefined;
    for (const { line, expected } of templateProblems(kind, reading.text, labeled))
      findings.push({ path, expected: `${file}${line === null ? '' : `, line ${line}`}: ${expected}` });
  }
  return { prompts, findings };
}

function readTemplate(path: string): { readonly text: string } | { readonly expected: string } {
  try {
    const file = statSync(path);
    if (!file.isFile()) return { expected: `${path} is no file` };
    if (file.size > largestFile)
      return { expected: `${path} has ${file.size} bytes; expected at most ${longestTemplate} characters` };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)).trim();
    if (text.length <= longestTemplate) return { text };
    return { expected: `${path} has ${text.length} characters; expected at most ${longestTemplate}` };
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const reason = error instanceof Error ? error.message : String(error);
    return { expected: absent ? `there is no file ${path}` : `${path} cannot be read: ${reason}` };
  }
}
