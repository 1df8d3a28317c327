/** What a run file may not combine, with the reason. Works on whatever parts are valid by themselves. */
import { RunSpec } from '../../contracts/run-file.ts';
import type { Data, RunFile } from '../../contracts/run-file.ts';
import { isFolderMap } from '../datasets/folder-rows.ts';
import { presets } from '../../domain/methods.ts';
import type { Switches } from '../../domain/methods.ts';

export interface Parts {
  readonly method: RunFile['method'] | undefined;
  readonly switches: RunFile['switches'] | undefined;
  readonly stages: number | undefined;
  readonly budget: RunFile['budget'] | undefined;
  readonly teacher: RunFile['teacher'] | undefined;
  readonly student: RunFile['student'] | undefined;
  readonly data: Data | undefined;
  readonly task: RunFile['task'] | undefined;
  readonly prices: RunFile['prices'] | undefined;
}

export interface Finding {
  readonly path: readonly string[];
  readonly expected: string;
}

/** The preset's switches with the file's on top. */
export function switchesOf(method: RunFile['method'], switches: RunFile['switches']): Switches {
  const given = Object.fromEntries(Object.entries(switches).filter(([, value]) => value !== undefined));
  return RunSpec.shape.switches.parse({ ...presets[method].switches, ...given });
}

export function stagesOf(method: RunFile['method'], stages: number): number {
  return presets[method].stages ?? stages;
}

/** `stagesChosen`: `stages` was written by the same hand that chose the method, not inherited from the file. */
export function semanticFindings(parts: Parts, stagesChosen: boolean): readonly Finding[] {
  return [
    ...dataFindings(parts),
    ...budgetFindings(parts),
    ...methodFindings(parts, stagesChosen),
    ...endpointFindings(parts),
  ];
}

function dataFindings({ data, task, teacher }: Parts): readonly Finding[] {
  if (data === undefined || task === undefined) return [];
  if ('builtin' in data) {
    if (task === 'classification') return [];
    return [{ path: ['task'], expected: `the built-in data are classification; ${task} needs data of its own` }];
  }
  const found: Finding[] = [];
  const { fields } = data;
  const labelled = task === 'classification' || task === 'generic';
  if (!labelled && fields.domain === undefined && data.domainFrom === undefined) {
    const expected = `in ${task} an answer is no domain; name the field that holds it, or write data.domainFrom`;
    found.push({ path: ['data', 'fields', 'domain'], expected });
  }
  if (task === 'multiple-choice' && fields.choices === undefined) {
    found.push({
      path: ['data', 'fields', 'choices'],
      expected: 'multiple-choice needs the field that holds the choices',
    });
  }
  const embedded = teacher !== undefined && 'embedded' in teacher;
  if (data.reserve !== undefined && data.reserve > 0 && embedded && !isFolderMap(data, task)) {
    const expected =
      'the recorded teacher finds its reserve in train.jsonl of a folder, by the field names of data/README.md; ' +
      'use these (see examples/), or another teacher';
    found.push({ path: ['data', 'reserve'], expected });
  }
  return found;
}

function budgetFindings({ budget, stages, method }: Parts): readonly Finding[] {
  const found: Finding[] = [];
  if (budget?.calls !== undefined && budget.calls < budget.slots) {
    const expected = `expected at least budget.slots (${budget.slots}): each slot needs one teacher call`;
    found.push({ path: ['budget', 'calls'], expected });
  }
  if (budget !== undefined && stages !== undefined && method !== undefined && stagesOf(method, stages) > budget.slots) {
    found.push({
      path: ['stages'],
      expected: `expected at most budget.slots (${budget.slots}): each stage needs a slot`,
    });
  }
  return found;
}

function methodFindings({ method, switches, stages, student }: Parts, stagesChosen: boolean): readonly Finding[] {
  if (method === undefined || switches === undefined || stages === undefined) return [];
  const found: Finding[] = [];
  const fixed: number | undefined = presets[method].stages;
  if (fixed !== undefined && stagesChosen && stages !== fixed) {
    found.push({
      path: ['stages'],
      expected: `${method} has ${fixed} stage by definition; leave the key out or write ${fixed}`,
    });
  }
  const actual = stagesOf(method, stages);
  const chosen = switchesOf(method, switches);
  if (chosen.schedule === 'full' && actual < 2) {
    const expected = 'the schedule full goes from natural to balanced and needs at least 2 stages';
    found.push({ path: ['switches', 'schedule'], expected });
  }
  if (chosen.rationale === 'none') {
    found.push({
      path: ['switches', 'rationale'],
      expected: 'training without rationales is not there yet; use teacher',
    });
  }
  if (chosen.loss === 'full') {
    const expected = 'the OpenAI fine-tuning protocol has no name for it, so no endpoint could be told; use completion';
    found.push({ path: ['switches', 'loss'], expected });
  }
  if (chosen.format === 'chat' && chosen.select === 'ifd' && actual > 1) {
    const expected = 'rows are ranked (select: ifd) by scoring plain text; use format: text, or select: random';
    found.push({ path: ['switches', 'format'], expected });
  }
  if (chosen.init === 'continue' && student !== undefined && 'embedded' in student) {
    const expected = 'the embedded students always train from their base; use init: base, or another student';
    found.push({ path: ['switches', 'init'], expected });
  }
  const none = student !== undefined && 'driver' in student && student.driver === 'none';
  if (none && chosen.select === 'ifd' && actual > 1) {
    const expected = `${method} selects rows with the student (select: ifd), so it needs one; use adaptive-ft-cot or select: random`;
    found.push({ path: ['student', 'driver'], expected });
  }
  return found;
}

function endpointFindings({ teacher, data }: Parts): readonly Finding[] {
  if (teacher === undefined || data === undefined || !('embedded' in teacher)) return [];
  const builtin = 'builtin' in data;
  if (teacher.embedded === 'simulated' && !builtin) {
    const expected = 'the simulated teacher knows the answers of built-in data only (data.builtin: wordnet)';
    return [{ path: ['teacher', 'embedded'], expected }];
  }
  if (teacher.embedded === 'recorded' && (builtin || data.folder === undefined)) {
    const expected = 'the recorded teacher reads its answers from a folder of the data folder; set data.folder';
    return [{ path: ['teacher', 'embedded'], expected }];
  }
  return [];
}
