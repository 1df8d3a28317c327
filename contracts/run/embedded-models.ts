/**
 * Names of the models of the embedded endpoint. A teacher's id carries its settings, so that the id
 * alone says what answered; every student trained there is named after its base and the hash of what it was trained on.
 */
import { taskNames } from '../../domain/tasks/open-task.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';

/** A simulated teacher: knows the answer key of a built-in data set. `pool` fixes the split, hence its reserve. */
export interface SimulatedTeacher {
  readonly kind: 'simulated';
  readonly dataset: 'wordnet';
  /** Share of synthetic rows whose text belongs to another domain, 0 to 1. */
  readonly noise: number;
  readonly pool: number;
}

/** A recorded teacher: replays the recording in a folder of the data folder. */
export interface RecordedTeacher {
  readonly kind: 'recorded';
  readonly folder: string;
  readonly task: TaskName;
  /** What it returns as synthetic rows where none are recorded; null: nothing. */
  readonly reserve: {
    /** Share of each domain's training rows, above 0; they are in no pool. */
    readonly share: number;
    /** Share of these whose answer or text is made wrong, 0 to 1. */
    readonly noise: number;
  } | null;
}

export type EmbeddedTeacherModel = SimulatedTeacher | RecordedTeacher;

/**
 * `naive-bayes` and `log-linear` learn any task, as far as they can; the others learn one kind: `one-vs-rest` label
 * sets, `linear-choice` multiple choice, `linear-span` answers out of a passage, `linear-arithmetic` word problems.
 */
export const embeddedStudentBases = [
  'naive-bayes',
  'log-linear',
  'one-vs-rest',
  'linear-choice',
  'linear-span',
  'linear-arithmetic',
] as const;
export type EmbeddedStudentBase = (typeof embeddedStudentBases)[number];

/** A student of the embedded endpoint; `fingerprint: null` is the untrained base. */
export interface EmbeddedStudentModel {
  readonly base: EmbeddedStudentBase;
  readonly suffix: string;
  /** 12 hexadecimal digits: the hash of base, training file, seed, suffix and hyperparameters. */
  readonly fingerprint: string | null;
}

/**
 * Model id of an embedded teacher, e.g. `simulated-wordnet?noise=0.2&pool=6000`, `recorded-r52` or
 * `recorded-math?task=math&reserve=0.3&noise=0.2`.
 */
export function teacherModelId(teacher: EmbeddedTeacherModel): string {
  if (teacher.kind === 'simulated') {
    return `simulated-${teacher.dataset}?noise=${teacher.noise}&pool=${teacher.pool}`;
  }
  const { folder, task, reserve } = teacher;
  if (reserve !== null) return `recorded-${folder}?task=${task}&reserve=${reserve.share}&noise=${reserve.noise}`;
  return task === 'classification' ? `recorded-${folder}` : `recorded-${folder}?task=${task}`;
}

/** Reads a teacher's model id; `undefined` for every other id. */
export function parseTeacherModelId(id: string): EmbeddedTeacherModel | undefined {
  const simulated = /^simulated-wordnet\?noise=(\d+(?:\.\d+)?(?:e-\d+)?)&pool=(\d{1,6})$/.exec(id);
  if (simulated) {
    const noise = Number(simulated[1]);
    const pool = Number(simulated[2]);
    return noise <= 1 && pool > 0 ? { kind: 'simulated', dataset: 'wordnet', noise, pool } : undefined;
  }
  return parseRecorded(id);
}

function parseRecorded(id: string): RecordedTeacher | undefined {
  const [, folder, named, share, noise] =
    /^recorded-([A-Za-z0-9_-]+)(?:\?task=([a-z-]+)(?:&reserve=(0\.\d+)&noise=(\d+(?:\.\d+)?(?:e-\d+)?))?)?$/.exec(id) ??
    [];
  const task = taskNames.find((name) => name === (named ?? 'classification'));
  if (folder === undefined || task === undefined) return undefined;
  if (share === undefined) return { kind: 'recorded', folder, task, reserve: null };
  const reserve = { share: Number(share), noise: Number(noise) };
  return reserve.noise > 1 || reserve.share === 0 ? undefined : { kind: 'recorded', folder, task, reserve };
}

export function isStudentBase(id: string): id is EmbeddedStudentBase {
  return embeddedStudentBases.some((base) => base === id);
}

/** Model id of a trained embedded student: `ft:<base>:<suffix>:<12 hex>`. Letters outside the safe set become `-`. */
export function fineTunedModelId(base: EmbeddedStudentBase, suffix: string, fingerprint: string): string {
  return `ft:${base}:${suffix.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 64)}:${fingerprint}`;
}

/** Reads a student's model id, base or fine-tuned; `undefined` for every other id. */
export function parseStudentModelId(id: string): EmbeddedStudentModel | undefined {
  if (isStudentBase(id)) return { base: id, suffix: '', fingerprint: null };
  const [, base = '', suffix = '', fingerprint = ''] =
    /^ft:([a-z-]+):([A-Za-z0-9._-]{0,64}):([0-9a-f]{12})$/.exec(id) ?? [];
  return isStudentBase(base) ? { base, suffix, fingerprint } : undefined;
}
