/** The settings of the run: data, models, prompts, versions, and the run file with all defaults. */
import type { Report } from '../../contracts/report.ts';
import { promptNote } from '../prompt-note.ts';
import { markup } from './markup.ts';
import type { Content, Markup } from './markup.ts';
import { factTable } from './table.ts';
import { count } from './format.ts';

export function settings(report: Report): Markup {
  const { data, prompts, versions } = report;
  // `dataRoot` is a path on one machine.
  const { dataRoot: _, ...spec } = report.spec;
  const rows = `${count(data.pool)} pool, ${count(data.validation)} validation, ${count(data.test)} test`;
  const dropped = `${count(data.duplicatesDropped)} duplicates, ${count(data.leaksDropped)} rows that occur in a held-out split`;
  const students = report.stages.flatMap(({ stage, studentModel }) =>
    studentModel === null ? [] : [`${studentModel} (stage ${stage})`],
  );
  return markup`${factTable('Settings', [
    ['rows', `${rows}; ${count(data.domains)} domains`],
    ['dropped by prepare', dropped],
    ['domains without test rows', data.unscored.length === 0 ? 'none' : data.unscored.join(', ')],
    ['teacher', report.teacherModel ?? 'none'],
    ['student', students.length === 0 ? 'none' : students.join(', ')],
    ['simulated', report.simulated.length === 0 ? 'none' : report.simulated.join(', ')],
    ['prompts', markup`${prompts.version}, sha256 <code>${prompts.sha256}</code>${promptNote(report)}`],
    ['versions', `baldistill ${versions.baldistill}, Node ${versions.node}`],
  ])}
<h3>Run file with all defaults</h3>
${factTable('Run file', settingsOf(spec, ''))}`;
}

/** Dotted keys, as in `--set`. */
function settingsOf(value: unknown, path: string): [Content, Content][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [[markup`<code>${path}</code>`, typeof value === 'string' ? value : JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, member]) => settingsOf(member, path === '' ? key : `${path}.${key}`));
}
