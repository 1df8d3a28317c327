/** A run in words, for lists and pages of the engine's UI. */
import type { RunSpec } from './run-file.ts';

/** At most 200 characters: the engine takes no long search attribute. */
export function datasetOf({ data }: Pick<RunSpec, 'data'>): string {
  if ('builtin' in data) return data.builtin;
  return (data.folder ?? (typeof data.train === 'string' ? data.train : data.train.path)).slice(0, 200);
}

/** At most 200 characters, as the engine wants it. */
export function summaryOf(spec: RunSpec): string {
  const { method, budget, stages } = spec;
  return `${method} on ${datasetOf(spec)}, ${budget.slots} slots, ${stages} stages`.slice(0, 200);
}

export function settingsTable(spec: RunSpec): string {
  const { switches } = spec;
  return [
    `| setting | value |\n| --- | --- |`,
    `| method | ${spec.method} (balance ${switches.balance}, select ${switches.select}, schedule ${switches.schedule}) |`,
    `| stages | ${spec.stages} |`,
    `| slots | ${spec.budget.slots} |`,
    `| call limit | ${spec.budget.calls} |`,
    `| seed | ${spec.seed} |`,
    `| teacher | ${teacherWords(spec)} |`,
  ].join('\n');
}

function teacherWords({ teacher }: RunSpec): string {
  if (teacher === undefined) return 'none';
  return 'embedded' in teacher ? `embedded: ${teacher.embedded}` : teacher.model;
}
