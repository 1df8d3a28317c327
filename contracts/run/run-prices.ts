/** What the models of a run cost. */
import type { Price, Rates } from './prices.ts';
import type { RunSpec } from './run-file.ts';

export const free: Rates = { input: 0, output: 0, training: 0 };

/** What the teacher of a run costs, nothing where it has none; null where unknown. Unknown is never nothing. */
export function teacherRates({ teacher, prices }: Pick<RunSpec, 'teacher' | 'prices'>): Rates | null {
  if (teacher === undefined || 'embedded' in teacher) return free;
  return ratesOf(teacher.price ?? prices[teacher.model]);
}

/**
 * What the teacher costs by batch. Half the price is the custom and no promise: where no batch rate is known, the full
 * one is charged, so that a worst case is one.
 */
export function batchRates(spec: Pick<RunSpec, 'teacher' | 'prices'>): Rates | null {
  const { teacher, prices } = spec;
  const rates = teacherRates(spec);
  if (rates === null || teacher === undefined || 'embedded' in teacher) return rates;
  const price = teacher.price ?? prices[teacher.model];
  if (price === undefined || price === 'free' || price.batch === undefined) return rates;
  // What a cache saves, or writing to it costs, is distinguished only where a batch rate says so.
  return { ...price.batch };
}

/** What the student of a run costs; null where unknown. */
export function studentRates({ student, prices }: Pick<RunSpec, 'student' | 'prices'>): Rates | null {
  if ('embedded' in student || !('hyperparameters' in student)) return free;
  return ratesOf(student.price ?? ('model' in student ? prices[student.model] : undefined));
}

/** A model that is asked outside of a run. */
export interface AskedModel {
  readonly model: string;
  /** Where it is served, where that is said beside the run file. */
  readonly endpoint: string | undefined;
  /** Whether it is known as what the run trained. */
  readonly trained: boolean;
  /** Its price where the run file says none. */
  readonly listed: Price | undefined;
}

/**
 * What such a model costs, null where unknown. The price of the student block is that of the student at its own
 * endpoint: it says nothing about another model, or another endpoint.
 */
export function askedRates(
  { student, prices }: Pick<RunSpec, 'student' | 'prices'>,
  { model, endpoint, trained, listed }: AskedModel,
): Rates | null {
  if ('embedded' in student && endpoint === undefined) return free;
  const base = 'model' in student ? student.model : undefined;
  const home = 'baseUrl' in student ? student.baseUrl : undefined;
  const there = endpoint === undefined || home === undefined || sameAddress(home, endpoint);
  // A student trained elsewhere has no name in the run file, so any model name refers to it.
  const isStudent = trained || base === undefined || model === base || model.startsWith(`ft:${base}:`);
  const said = 'price' in student && there && isStudent ? student.price : undefined;
  const ofBase = base !== undefined && isStudent ? prices[base] : undefined;
  const own = model === base ? (said ?? prices[model]) : (prices[model] ?? said);
  return ratesOf(own ?? ofBase ?? listed);
}

function sameAddress(one: string, other: string): boolean {
  const [a = '', b = ''] = [one, other].map((url) => new URL(url).href.replace(/\/+$/, ''));
  return a === b;
}

/** Whether an entry in the ledger is worth making: an endpoint that is known to cost nothing needs none. */
export function isFree(rates: Rates): boolean {
  return Object.values(rates).every((rate) => rate === 0);
}

/** The models of unknown price: with one of them a limit in money cannot be kept. */
export function unpriced(spec: Pick<RunSpec, 'teacher' | 'student' | 'prices'>): readonly UnpricedModel[] {
  const found: UnpricedModel[] = [];
  if (teacherRates(spec) === null && spec.teacher !== undefined && 'model' in spec.teacher) {
    found.push({ part: 'teacher', model: spec.teacher.model, missing: 'price' });
  }
  const student = studentRates(spec);
  const model = 'model' in spec.student ? spec.student.model : 'the student trained elsewhere';
  const trains = 'model' in spec.student;
  if (student === null) found.push({ part: 'student', model, missing: 'price' });
  else if (trains && student.training === undefined) found.push({ part: 'student', model, missing: 'training price' });
  return found;
}

export interface UnpricedModel {
  readonly part: 'teacher' | 'student';
  readonly model: string;
  readonly missing: 'price' | 'training price';
}

function ratesOf(price: Price | undefined): Rates | null {
  if (price === undefined) return null;
  if (price === 'free') return free;
  const { batch: _, ...rates } = price;
  return rates;
}
