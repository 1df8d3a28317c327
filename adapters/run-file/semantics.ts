/** What a run file may not combine, with the reason. Works on whatever parts are valid by themselves. */
import { longestEndpointName } from '../../contracts/payload-limits.ts';
import type { Data, RunFile, StudentConfig } from '../../contracts/run/run-file.ts';
import { isFolderMap } from '../datasets/folder-rows.ts';
import { mostTokens } from '../../domain/budget/cost.ts';
import { credentialIn } from '../../domain/endpoint-address.ts';
import { presets } from '../../domain/methods.ts';
import type { Switches } from '../../domain/methods.ts';
import { plannedCalls } from '../../domain/budget/needed-calls.ts';
import { stagesOf, switchesOf } from './method-point.ts';
import { ineffectiveSwitches } from './ineffective-switches.ts';

export interface Parts {
  readonly method: RunFile['method'] | undefined;
  readonly switches: RunFile['switches'] | undefined;
  readonly stages: number | undefined;
  readonly budget: RunFile['budget'] | undefined;
  readonly teacher: RunFile['teacher'] | undefined;
  /** A teacher is written down, valid or not. */
  readonly teacherGiven: boolean;
  readonly student: RunFile['student'] | undefined;
  readonly data: Data | undefined;
  readonly task: RunFile['task'] | undefined;
  readonly prices: RunFile['prices'] | undefined;
}

export interface Finding {
  readonly path: readonly string[];
  readonly expected: string;
}

/** `stagesChosen`: `stages` was written by the same hand that chose the method, not inherited from the file. */
export function semanticFindings(parts: Parts, stagesChosen: boolean): readonly Finding[] {
  return [
    ...dataFindings(parts),
    ...budgetFindings(parts),
    ...methodFindings(parts, stagesChosen),
    ...endpointFindings(parts),
    ...addressFindings(parts),
    ...amountFindings(parts),
  ];
}

/** More epochs than any training uses; with the size of a file they are what a job is charged for. */
const mostEpochs = 1000;

/** Amounts that multiply into charges. They are refused here and not by the schema, which reads old runs too. */
function amountFindings({ teacher, student }: Parts): readonly Finding[] {
  const found: Finding[] = [];
  const limit = (path: readonly string[], value: number, most: number): void => {
    if (value > most) found.push({ path, expected: `expected at most ${most}` });
  };
  for (const [key, part] of Object.entries({ teacher, student })) {
    if (part === undefined || !('model' in part) || part.model.length <= longestEndpointName) continue;
    found.push({ path: [key, 'model'], expected: `expected at most ${longestEndpointName} characters` });
  }
  if (teacher !== undefined && 'maxTokens' in teacher) limit(['teacher', 'maxTokens'], teacher.maxTokens, mostTokens);
  if (student !== undefined && 'maxTokens' in student) {
    const { select, evaluate } = student.maxTokens;
    limit(['student', 'maxTokens', 'select'], select, mostTokens);
    limit(['student', 'maxTokens', 'evaluate'], evaluate, mostTokens);
    limit(['student', 'hyperparameters', 'epochs'], student.hyperparameters.epochs, mostEpochs);
  }
  return found;
}

function dataFindings({ data, task, teacher }: Parts): readonly Finding[] {
  if (data === undefined || task === undefined) return [];
  if ('builtin' in data) {
    if (task === 'classification') return [];
    return [{ path: ['task'], expected: `the built-in data are classification; ${task} needs data of its own` }];
  }
  const found: Finding[] = [];
  const { fields } = data;
  const labeled = task === 'classification' || task === 'generic';
  if (!labeled && fields.domain === undefined && data.domainFrom === undefined) {
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

function methodFindings(parts: Parts, stagesChosen: boolean): readonly Finding[] {
  const { method, switches, stages, student } = parts;
  if (method === undefined || switches === undefined || stages === undefined) return [];
  const found: Finding[] = [];
  const refuse = (path: readonly string[], expected: string): void => void found.push({ path, expected });
  const fixed: number | undefined = presets[method].stages;
  if (fixed === 0 && stagesChosen) refuse(['stages'], `${method} trains nothing and has no stages; leave the key out`);
  else if (fixed !== undefined && stagesChosen && stages !== fixed)
    refuse(['stages'], `${method} has ${fixed} stage by definition; leave the key out or write ${fixed}`);
  const actual = stagesOf(method, stages);
  const chosen = switchesOf(method, switches);
  // What a preset says of a switch that another one makes idle is no mistake of the file.
  for (const { key, reason } of ineffectiveSwitches(chosen)) {
    if (switches[key] !== undefined) refuse(['switches', key], `it would change nothing: ${reason}`);
  }
  if (chosen.schedule === 'full' && chosen.balance === 'adaptive' && actual < 2)
    refuse(['switches', 'schedule'], 'the schedule full goes from natural to balanced and needs at least 2 stages');
  const byGeneration = chosen.select === 'random' || (chosen.select === 'uncertainty' && chosen.scoreOn === 'self');
  if (chosen.format === 'chat' && actual > 1 && !byGeneration)
    refuse(
      ['switches', 'format'],
      `rows are ranked (select: ${chosen.select}) by scoring plain text; use format: text, or select: random`,
    );
  if (student !== undefined) found.push(...studentFindings(method, chosen, actual, student));
  if (!parts.teacherGiven && plannedCalls(chosen, 1, actual) > 0)
    refuse(['teacher'], 'missing; expected a block with embedded, or a block with baseUrl and model');
  return found;
}

function studentFindings(
  method: string,
  { init, select, loss }: Switches,
  stages: number,
  student: StudentConfig,
): readonly Finding[] {
  if (loss === 'full' && !('baseUrl' in student && 'model' in student)) {
    const expected =
      'embedded' in student
        ? 'the embedded students learn the completion only; use loss: completion, or the student server'
        : 'a student that is trained outside the run does not receive this option; leave the key out';
    return [{ path: ['switches', 'loss'], expected }];
  }
  if (init === 'continue' && 'embedded' in student) {
    const expected = 'the embedded students always train from their base; use init: base, or another student';
    return [{ path: ['switches', 'init'], expected }];
  }
  if (!('driver' in student)) return [];
  if (init === 'continue' && student.driver === 'command') {
    const expected = 'a training command gets all examples so far and starts from its own base; use init: base';
    return [{ path: ['switches', 'init'], expected }];
  }
  if (stages === 0) {
    const expected = `${method} evaluates the base student, so it has to be one that can be asked: embedded, or baseUrl and model`;
    return [{ path: ['student', 'driver'], expected }];
  }
  if (student.driver === 'none' && select !== 'random' && stages > 1) {
    const expected = `${method} selects rows with the student (select: ${select}), so it needs one; use adaptive-ft-cot or select: random`;
    return [{ path: ['student', 'driver'], expected }];
  }
  return [];
}

/**
 * Here and not in the schema: a run that was started before this was refused has to stay readable. The schema refuses
 * user names and passwords.
 */
function addressFindings({ teacher, student }: Parts): readonly Finding[] {
  return Object.entries({ teacher, student }).flatMap(([key, part]) => {
    const address = part !== undefined && 'baseUrl' in part ? part.baseUrl : undefined;
    const credential = address === undefined ? undefined : credentialIn(address);
    if (credential === undefined) return [];
    const expected = `expected an address without credentials: ${credential} may be one, and addresses are stored and shown; write the name of an environment variable as apiKeyEnv`;
    return [{ path: [key, 'baseUrl'], expected }];
  });
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
