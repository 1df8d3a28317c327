/** Collects the basis of an estimate: certain prompts, lengths of the other prompts, and answers in the ledger. */
import type { PlannedCall } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { contentKeyOf, requestOf } from '../../activities/calls/call-request.ts';
import { firstForm } from '../../activities/rounds/output-form.ts';
import { taskOf } from '../../activities/data/pool.ts';
import type { KnownAnswer } from '../../activities/ports/ledger.ts';
import { answeredForm } from './answered-form.ts';
import { paidBy, sameModel } from './earlier-answers.ts';
import { calibrate, otherAnswers } from './calibration.ts';
import type { Calibration, CallKind, MeasuredCall } from './calibration.ts';
import { countMessages } from '../prompts/count-tokens.ts';
import type { CountTokens } from '../prompts/count-tokens.ts';
import type { EstimateInput, PlanningWorld } from '../estimation-world.ts';
import { firstRows } from '../prompts/first-rows.ts';
import { firstMissing, synthesisCalls } from '../prompts/synthesis-calls.ts';
import type { CertainLength, Prompts } from '../prompts/prompt-tokens.ts';
import type { PlannedRunCosts } from '../run-size.ts';
import { mostLookedUp, poolLengths } from '../prompts/pool-lengths.ts';
import type { PoolLengths, PromptLength } from '../prompts/pool-lengths.ts';

export interface EstimateBasis {
  readonly calibration: Calibration;
  readonly prompts: Prompts;
  readonly lengths: PoolLengths;
  /** Calls of the plan that this run has paid for already. */
  readonly bought: number;
  readonly assumptions: readonly string[];
}

export async function estimateBasis(
  world: PlanningWorld,
  of: EstimateInput,
  count: CountTokens,
): Promise<EstimateBasis> {
  const { spec, prepared, plan } = of;
  const runs = await sameModel(world, spec);
  const { own: paidByRun, others: paidByOthers } = paidBy(runs, spec);
  /** Null if no prompt can have an answer, so that none is looked up. */
  const lookupTeacher = paidByRun || paidByOthers ? of.teacher : null;
  const taken = await firstRows(world, of, lookupTeacher !== null);
  const output = taken === null ? firstForm(spec) : await answeredForm(world, of, { taken, all: paidByRun });
  const task = await taskOf(world.artifacts, { spec, prepared }, output);
  const synthetic = (await synthesisCalls(world, of, output)).map((call): SyntheticRow => {
    const key = lookupTeacher === null ? null : contentKeyOf(lookupTeacher, call, requestOf(spec, call));
    return { call, domain: call.domain, key, tokens: countMessages(count, call.messages) };
  });
  const lengths = await poolLengths(world.artifacts, { spec, prepared, task, teacher: lookupTeacher, taken }, count);
  const keys = [...synthetic, ...lengths.rows].flatMap(({ key }) => key ?? []);
  const answers = new Map<string, KnownAnswer>();
  for (const answer of keys.length === 0
    ? []
    : ((await world.ledger?.knownAnswers({ contentKeys: [...new Set(keys)] })) ?? []))
    answers.set(answer.contentKey, answer);
  const isFree = (key: string): boolean => (answers.get(key)?.run ?? spec.name) !== spec.name;
  const lengthOf = (kind: CallKind, { domain, key, tokens }: Omit<PromptLength, 'id'>): CertainLength => {
    return { kind, domain, counted: tokens, paid: key === null || !isFree(key) };
  };
  const syntheses = Map.groupBy(
    synthetic.map((one) => lengthOf('synthesize', one)),
    ({ domain }) => domain,
  );
  const measuredOf = (kind: CallKind, { key, tokens }: Omit<PromptLength, 'id'>): readonly MeasuredCall[] => {
    const answer = key === null ? undefined : answers.get(key);
    return answer === undefined ? [] : [{ kind, counted: tokens, answer }];
  };
  const own = [
    ...lengths.rows.flatMap((row) => measuredOf('annotate', row)),
    ...synthetic.flatMap((one) => measuredOf('synthesize', one)),
  ];
  const others = world.ledger === null ? new Map() : await otherAnswers(world.ledger, spec, runs);
  const sample =
    spec.switches.rationale === 'none' ? synthetic[0]?.call.responseFormat : task.responseFormat('annotate');
  return {
    calibration: calibrate({ teacher: spec.teacher, maxTokens: of.teacher?.maxTokens ?? 0 }, own, others, {
      kinds: kindsOf(spec, plan),
      // The model reads the schema too; endpoints differ in how many tokens they bill for it.
      formTokens: sample === undefined ? 0 : count(JSON.stringify(sample)),
    }),
    prompts: {
      first: taken && [
        ...(spec.switches.rationale === 'none' ? [] : lengths.rows)
          .filter(({ id }) => taken.has(id))
          .map((row) => lengthOf('annotate', row)),
        ...firstMissing(plan).flatMap(({ domain, missing }) => syntheses.get(domain)?.slice(0, missing) ?? []),
      ],
      syntheses,
      rows: lengths.rows,
      isFree,
    },
    lengths,
    bought: [...answers.values()].filter(({ run }) => run === spec.name).length,
    assumptions: [
      ...rowAssumptions(spec, plan),
      ...(lookupTeacher !== null && prepared.pool.rows > mostLookedUp
        ? [
            'The pool is large, so only the rows of stage 0 were looked up in the ledger. Answers for later stages are not counted.',
          ]
        : []),
    ],
  };
}

interface SyntheticRow extends Omit<PromptLength, 'id'> {
  readonly call: PlannedCall;
}

export function kindsOf({ switches }: RunSpec, { real, synthetic }: PlannedRunCosts): ReadonlySet<PlannedCall['kind']> {
  const kinds = new Set<PlannedCall['kind']>();
  if (real > 0 && switches.rationale === 'teacher') kinds.add('annotate');
  if (synthetic > 0) kinds.add('synthesize');
  if (synthetic > 0 && switches.verify === 'teacher') kinds.add('verify');
  return kinds;
}

function rowAssumptions({ switches }: RunSpec, { stages }: PlannedRunCosts): readonly string[] {
  if (stages.length < 2) return [];
  const rows =
    switches.select === 'random'
      ? 'Rows of later stages are drawn at random: their prompts are estimated by the mean of their domain.'
      : 'The student chooses the rows of later stages: the range covers the shortest and the longest rows of each domain.';
  return [rows];
}
