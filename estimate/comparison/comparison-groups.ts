/**
 * Cells of a comparison that may ask in the same words: one pool, one task, one teacher. What is known of their calls
 * is looked up once for all of them, so that a grid of hundreds of cells reads each pool once.
 */
import { DomainTable } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { outputs } from '../../domain/tasks/output.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { firstForm } from '../../activities/rounds/output-form.ts';
import { planShares } from '../../activities/rounds/plan-round.ts';
import { taskOf } from '../../activities/data/pool.ts';
import type { KnownAnswer } from '../../activities/ports/ledger.ts';
import type { Teacher } from '../../activities/ports/teacher.ts';
import { calibrate, otherAnswers } from '../known/calibration.ts';
import type { CallKind, Calibration } from '../known/calibration.ts';
import { stageBefore } from '../prompts/certain-calls.ts';
import { countMessages, tokenCounter } from '../prompts/count-tokens.ts';
import type { PlanningWorld } from '../estimation-world.ts';
import { answeredBy, sameModel } from '../known/earlier-answers.ts';
import { kindsOf } from '../known/known-before-run.ts';
import type { Prompts } from '../prompts/prompt-tokens.ts';
import { plannedRun } from '../run-size.ts';
import type { PlannedRunCosts } from '../run-size.ts';
import { poolLengths } from '../prompts/pool-lengths.ts';
import type { PoolLengths } from '../prompts/pool-lengths.ts';

/** A run of the grid, over data that are here. */
export interface ComparedRun {
  readonly spec: RunSpec;
  readonly prepared: Prepared;
}

export interface GroupedRun extends ComparedRun {
  readonly plan: PlannedRunCosts;
}

export interface ComparedGroup {
  readonly runs: readonly GroupedRun[];
  readonly table: DomainTable;
  readonly calibration: Calibration;
  readonly prompts: Prompts;
  readonly lengths: PoolLengths;
  /** Some run has paid this teacher: what it invented may be asked for again here. */
  readonly paidBefore: boolean;
}

/** Inventions of one domain that are looked at. */
const inventionsSeen = 8;

export async function comparedGroups(world: PlanningWorld, runs: readonly ComparedRun[]): Promise<ComparedGroup[]> {
  const groups: ComparedGroup[] = [];
  for (const alike of Map.groupBy(runs, wordsOf).values()) groups.push(await knownOf(world, alike));
  return groups;
}

/** All that decides what a row is asked with, and of whom at what price. */
function wordsOf({ spec, prepared }: ComparedRun): string {
  const { task, prompts, teacher, prices, data } = spec;
  return canonicalJson([prepared.pool, prepared.domains, task, prompts, teacher, prices, data]);
}

async function knownOf(world: PlanningWorld, runs: readonly ComparedRun[]): Promise<ComparedGroup> {
  const [first] = runs;
  if (first === undefined) throw new RangeError('A group of no runs.');
  const { spec, prepared } = first;
  const table = await world.artifacts.readJson(prepared.domains, DomainTable);
  const planned = runs.map((run) => ({ ...run, plan: plannedRun(run.spec, table.pool) }));
  const runsOfModel = await sameModel(world, spec);
  const { own: ownPaid, others: othersPaid } = answeredBy(runsOfModel, spec);
  /** Null: no prompt can have an answer, so none is looked up. */
  const asker = (ownPaid || othersPaid) && spec.teacher !== undefined ? world.teacher(spec) : null;
  const { output, answers } = await mostAnsweredForm(world, first, asker);
  const task = await taskOf(world.artifacts, first, output);
  const count = await tokenCounter();
  const lengths = await poolLengths(world.artifacts, { spec, prepared, task, teacher: asker, taken: 'all' }, count);
  const own = lengths.rows.flatMap(({ key, tokens }) => {
    const answer = key === null ? undefined : answers.get(key);
    return answer === undefined ? [] : [{ kind: 'annotate' as const, counted: tokens, answer }];
  });
  const others = world.ledger === null ? new Map() : await otherAnswers(world.ledger, spec, runsOfModel);
  const kinds = new Set<CallKind>(planned.flatMap((run) => [...kindsOf(run.spec, run.plan)]));
  const form = task.responseFormat('annotate');
  const formTokens = form === undefined ? 0 : count(JSON.stringify(form));
  const inventions = await inventionLengths(world, planned, output, count);
  return {
    runs: planned,
    table,
    calibration: calibrate(
      { teacher: spec.teacher, maxTokens: spec.teacher === undefined ? 0 : world.teacher(spec).maxTokens },
      own,
      others,
      {
        kinds,
        formTokens,
      },
    ),
    prompts: { first: null, inventions, rows: lengths.rows, isFree: (key) => answers.has(key) },
    lengths,
    paidBefore: asker !== null,
  };
}

/** The form in which the ledger has answers to these rows, the most of them, and these answers. */
async function mostAnsweredForm(
  world: PlanningWorld,
  { spec, prepared }: ComparedRun,
  teacher: Pick<Teacher, 'content'> | null,
): Promise<{ readonly output: Output; readonly answers: ReadonlyMap<string, KnownAnswer> }> {
  const none = { output: firstForm(spec), answers: new Map<string, KnownAnswer>() };
  const { ledger } = world;
  if (ledger === null || teacher === null || spec.teacher === undefined) return none;
  let best = none;
  for (const output of spec.teacher.output === 'auto' ? outputs : [spec.teacher.output]) {
    const task = await taskOf(world.artifacts, { spec, prepared }, output);
    const { rows } = await poolLengths(world.artifacts, { spec, prepared, task, teacher, taken: 'all' }, () => 0);
    const found = await ledger.knownAnswers([...new Set(rows.flatMap(({ key }) => key ?? []))]);
    if (found.length <= best.answers.size) continue;
    best = { output, answers: new Map(found.map((answer) => [answer.contentKey, answer])) };
  }
  return best;
}

/** A few inventions of each domain that some run lacks rows of: those of other runs and seeds are much like them. */
async function inventionLengths(
  world: PlanningWorld,
  runs: readonly GroupedRun[],
  output: Output,
  count: (text: string) => number,
): Promise<Prompts['inventions']> {
  const inventing = runs.filter(({ plan }) => plan.synthetic > 0);
  const [first] = inventing;
  if (first === undefined) return new Map();
  const quotas = inventing.flatMap(({ plan }) => plan.stages.flatMap((stage) => stage.quotas ?? []));
  const missing = new Set(quotas.filter((quota) => quota.missing > 0).map(({ domain }) => domain));
  const slots = Array.from({ length: inventionsSeen }, (_, index) => index);
  const shares = [...missing].map((domain) => ({ domain, slots, rows: [] }));
  const request = { input: stageBefore(first.spec, first.prepared, 0), earlier: [] };
  const { calls } = await planShares(world, request, { purpose: 'fill', shares, decided: [] }, output);
  const lengths = calls.map(({ kind, domain, messages }) => {
    return { kind, domain, counted: countMessages(count, messages), paid: true };
  });
  return Map.groupBy(lengths, ({ domain }) => domain);
}
