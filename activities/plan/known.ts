/** What is known before a run: the prompts that are certain, the lengths of the others, and what the ledger has of them. */
import type { PlannedCall } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { invents } from '../../domain/planned-calls.ts';
import { outputs } from '../../domain/tasks/output.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { contentKeyOf, requestOf } from '../call-request.ts';
import { firstForm } from '../output-form.ts';
import { planShares } from '../plan-round.ts';
import { taskOf } from '../pool.ts';
import type { KnownAnswer } from '../ports/ledger.ts';
import type { Teacher } from '../ports/teacher.ts';
import { calibrate, otherAnswers } from './calibration.ts';
import type { Calibration, MeasuredCall } from './calibration.ts';
import { certainCalls, stageBefore } from './certain-calls.ts';
import { countMessages } from './count-tokens.ts';
import type { CountTokens } from './count-tokens.ts';
import type { PlanningWorld } from './estimate-run.ts';
import type { CertainLength, Prompts } from './planned-prompts.ts';
import type { PlannedRunCosts } from './planned-run.ts';
import { poolLengths } from './pool-lengths.ts';
import type { PoolLengths } from './pool-lengths.ts';

export interface Known {
  readonly calibration: Calibration;
  readonly prompts: Prompts;
  readonly lengths: PoolLengths;
  /** Calls of the plan that this run has paid already. */
  readonly bought: number;
  readonly assumptions: readonly string[];
}

/** Inventions of one domain that are looked at; the others are taken to be like them. */
const inventionsSeen = 200;

export interface KnownOf {
  readonly spec: RunSpec;
  readonly prepared: Prepared;
  readonly teacher: Pick<Teacher, 'model' | 'maxTokens' | 'content'> | null;
  readonly plan: PlannedRunCosts;
  readonly pool: Readonly<Record<string, number>>;
}

export async function whatIsKnown(world: PlanningWorld, of: KnownOf, count: CountTokens): Promise<Known> {
  const { spec, prepared, teacher, plan } = of;
  const keyOf = (call: PlannedCall): string =>
    teacher === null ? '' : contentKeyOf(teacher, call, requestOf(spec, call));
  const { output, calls: certain } = await firstRound(world, of, keyOf);
  const task = await taskOf(world.artifacts, { spec, prepared }, output);
  const inventions = await inventionCalls(world, of, output);
  const lengths = await poolLengths(world.artifacts, { spec, prepared, task, teacher }, count);
  const first = certain.map((call) => ({ call, key: keyOf(call) }));
  const invented = inventions.map((call) => ({ call, key: keyOf(call) }));
  const keys = [...first, ...invented, ...lengths.rows].flatMap(({ key }) => key ?? []);
  const answers = new Map<string, KnownAnswer>();
  for (const answer of (await world.ledger?.knownAnswers([...new Set(keys)])) ?? [])
    answers.set(answer.contentKey, answer);
  const isFree = (key: string): boolean => (answers.get(key)?.run ?? spec.name) !== spec.name;
  const lengthOf = ({ call, key }: { call: PlannedCall; key: string }): CertainLength => {
    return { kind: call.kind, domain: call.domain, counted: countMessages(count, call.messages), paid: !isFree(key) };
  };
  const firstLengths = first.map(lengthOf);
  const inventedLengths = invented.map(lengthOf);
  const own: MeasuredCall[] = [
    ...lengths.rows.map(({ key, tokens }) => ({ kind: 'annotate' as const, key, counted: tokens })),
    ...invented.map(({ call, key }, index) => ({
      kind: call.kind,
      key,
      counted: inventedLengths[index]?.counted ?? 0,
    })),
  ].flatMap(({ kind, key, counted }) => {
    const answer = key === null ? undefined : answers.get(key);
    return answer === undefined ? [] : [{ kind, counted, answer }];
  });
  const others = world.ledger === null ? new Map() : await otherAnswers(world.ledger, spec, modelOf(world));
  return {
    calibration: calibrate({ teacher: spec.teacher, maxTokens: teacher?.maxTokens ?? 0 }, own, others, {
      kinds: kindsOf(spec, plan),
      formTokens: formTokens(certain[0] ?? inventions[0], count),
    }),
    prompts: {
      first: firstLengths,
      inventions: Map.groupBy(inventedLengths, ({ domain }) => domain),
      rows: lengths.rows,
      isFree,
    },
    lengths,
    bought: new Set([...answers.values()].filter(({ run }) => run === spec.name).map(({ contentKey }) => contentKey))
      .size,
    assumptions: rowWords(spec, plan),
  };
}

/**
 * Stage 0 in the form that the ledger has answers in: which one an endpoint takes is known only once it was asked, and
 * then its answers say so.
 */
async function firstRound(
  world: PlanningWorld,
  { spec, prepared, pool }: KnownOf,
  keyOf: (call: PlannedCall) => string,
): Promise<{ readonly output: Output; readonly calls: readonly PlannedCall[] }> {
  const asked = async (output: Output): Promise<readonly PlannedCall[]> =>
    (await certainCalls(world, { spec, prepared }, pool, output)).first?.calls ?? [];
  const forms = world.ledger !== null && spec.teacher?.output === 'auto' ? outputs : [];
  const tried: { readonly output: Output; readonly calls: readonly PlannedCall[]; readonly own: boolean }[] = [];
  for (const output of forms) {
    const calls = await asked(output);
    const answers = (await world.ledger?.knownAnswers(calls.map(keyOf))) ?? [];
    if (answers.length > 0) tried.push({ output, calls, own: answers.some(({ run }) => run === spec.name) });
  }
  // What this run was answered in says more than what others were.
  const known = tried.find(({ own }) => own) ?? tried[0];
  return known ?? { output: firstForm(spec), calls: await asked(firstForm(spec)) };
}

/** The first inventions of each domain that lacks rows, numbered as if nothing were ever filled again. */
async function inventionCalls(
  world: PlanningWorld,
  { spec, prepared, plan }: KnownOf,
  output: Output,
): Promise<readonly PlannedCall[]> {
  if (!invents(spec.switches)) return [];
  const missing = new Map<string, number>();
  for (const quota of plan.stages.flatMap(({ quotas }) => quotas ?? []))
    missing.set(quota.domain, (missing.get(quota.domain) ?? 0) + quota.missing);
  const shares = [...missing].flatMap(([domain, wanted]) => {
    const slots = Array.from({ length: Math.min(wanted, inventionsSeen) }, (_, index) => index);
    return slots.length === 0 ? [] : [{ domain, slots, rows: [] }];
  });
  if (shares.length === 0) return [];
  const request = { input: stageBefore(spec, prepared, 0), earlier: [] };
  return (await planShares(world, request, { purpose: 'fill', shares, decided: [] }, output)).calls;
}

export function modelOf(world: PlanningWorld): (spec: RunSpec) => string | null {
  return (spec) => {
    if (spec.teacher === undefined) return null;
    return 'model' in spec.teacher ? spec.teacher.model : world.teacher(spec).model;
  };
}

/** A schema is part of what the model reads; endpoints differ in how much of it they count. */
function formTokens(call: PlannedCall | undefined, count: CountTokens): number {
  return call?.responseFormat === undefined ? 0 : count(JSON.stringify(call.responseFormat));
}

export function kindsOf({ switches }: RunSpec, { real, synthetic }: PlannedRunCosts): ReadonlySet<PlannedCall['kind']> {
  const kinds = new Set<PlannedCall['kind']>();
  if (real > 0 && switches.rationale === 'teacher') kinds.add('annotate');
  if (synthetic > 0) kinds.add('synthesise');
  if (synthetic > 0 && switches.verify === 'teacher') kinds.add('verify');
  return kinds;
}

function rowWords({ switches }: RunSpec, { stages }: PlannedRunCosts): readonly string[] {
  if (stages.length < 2) return [];
  const rows =
    switches.select === 'random'
      ? 'Rows of later stages are drawn: their prompts come out near the mean of their domain.'
      : "Rows of later stages are the student's to choose: at the least the shortest of their domain, at the most the longest.";
  return [rows];
}
