/** What happens to one run: drawn from the seed alone, so that a run can be repeated. */
import { seededRandom } from '../../domain/random.ts';
import type { SeededRandom } from '../../domain/random.ts';
import { faultNames, kindOf } from './faults.ts';
import type { FaultName } from './faults.ts';

export interface Strike {
  readonly fault: FaultName;
  /** The request of the teacher, counted by the teacher, at which it strikes. */
  readonly at: number;
  /** Milliseconds after that request. */
  readonly delayMs: number;
  /** Calls struck by a fault of the endpoint; what else a strike draws. */
  readonly count: number;
}

export interface Plan {
  readonly name: string;
  readonly strikes: readonly Strike[];
  /** Seed of the run itself: it fixes the training set. */
  readonly specSeed: number;
  readonly slots: number;
  readonly calls: number;
  readonly concurrency: number;
  readonly timeoutSeconds: number;
  readonly sliceSeconds: number;
  readonly unbilled: readonly number[] | undefined;
  readonly idempotent: boolean;
  readonly workers: number;
}

export const slots = 300;
const concurrency = 8;

/** A run that nothing happens to. */
export function quietPlan(name: string, specSeed: number): Plan {
  const ends = { timeoutSeconds: 30, sliceSeconds: 30, unbilled: undefined };
  return { name, strikes: [], specSeed, slots, calls: slots, concurrency, ...ends, idempotent: false, workers: 1 };
}

/** One to three faults, the first of them given, at moments all over the run. */
export function planOf(
  seed: number,
  number: number,
  wanted: readonly FaultName[],
  { specSeeds, force = {} }: { specSeeds: number; force?: Partial<Pick<Plan, 'calls' | 'idempotent'>> },
): Plan {
  const random = seededRandom(seed, 'chaos', number);
  const quiet = quietPlan(`chaos-${seed}-${number}`, random.int(specSeeds));
  const names = compatible(wanted);
  const strikes = names.map((fault) => strikeOf(fault, random)).sort((a, b) => a.at - b.at);
  const kinds = names.map(kindOf);
  return {
    ...quiet,
    strikes,
    calls: slots + (random.next() < 0.7 ? 100 : 0),
    timeoutSeconds: Math.min(30, ...kinds.map(({ timeout }) => timeout ?? 30)),
    sliceSeconds: random.next() < 0.5 ? 1 : 30,
    unbilled: kinds.find(({ unbilled }) => unbilled !== undefined)?.unbilled,
    idempotent: random.next() < 0.5,
    workers: Math.max(...kinds.map(({ workers }) => workers ?? 1)),
    ...force,
  };
}

/** The faults of a run: each in turn is the first of one, the others are drawn. */
export function drawFaults(seed: number, number: number, most = 3): FaultName[] {
  const random = seededRandom(seed, 'faults', number);
  const first = faultNames[number % faultNames.length];
  const others = Array.from({ length: random.int(most) }, () => faultNames[random.int(faultNames.length)]);
  return [first, ...others].filter((name) => name !== undefined);
}

/** At most three, and none beside one that spoils what it would show. */
function compatible(wanted: readonly FaultName[]): FaultName[] {
  const taken: FaultName[] = [];
  for (const name of wanted.slice(0, 3)) {
    const clash = taken.some((other) => clashes(name, other) || clashes(other, name));
    if (!clash) taken.push(name);
  }
  return taken;
}

function clashes(a: FaultName, b: FaultName): boolean {
  const [one, two] = [kindOf(a), kindOf(b)];
  // One file system a run; a copy of the ledger and a full one at once say nothing about either.
  if (one.full !== undefined && (two.full !== undefined || b === 'old-ledger')) return true;
  if (a === 'old-ledger' && (b === 'old-ledger' || b === 'two-runs' || b === 'terminate')) return true;
  // A worker that is stopped for longer than a call may take loses what it had in flight.
  if (one.timeout !== undefined && /-stop/.test(b)) return true;
  // What a status means is declared once a run.
  return one.unbilled !== undefined && b.startsWith('503');
}

function strikeOf(fault: FaultName, random: SeededRandom): Strike {
  const early = fault === 'old-ledger' || fault === 'two-runs';
  const at = early ? 5 + random.int(50) : 1 + random.int(slots - 10);
  const between = fault === 'student-kill';
  return {
    fault,
    at: between ? ([100, 200, 300][random.int(3)] ?? 100) : at,
    delayMs: random.int(between ? 800 : 250),
    count: 1 + random.int(10),
  };
}
