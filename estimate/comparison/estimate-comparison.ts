/** What the runs of a grid would cost together, each answer paid once (`plan` and `compare` of a compare file). */
import { teacherRates } from '../../contracts/run/run-prices.ts';
import type { RunEstimate } from '../../contracts/run-estimate.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { nothing, scaled, sumOf, whole } from '../../domain/statistics/range.ts';
import type { Range } from '../../domain/statistics/range.ts';
import { comparedGroups } from './comparison-groups.ts';
import type { ComparedGroup, ComparedRun, GroupedRun } from './comparison-groups.ts';
import { callsOf } from '../estimate-run.ts';
import type { PlanningWorld } from '../estimation-world.ts';
import { estimateStudent } from '../student/estimate-student.ts';
import { noLoad, plannedLoads } from '../prompts/prompt-tokens.ts';
import type { PlannedLoad } from '../prompts/prompt-tokens.ts';
import { sharedAnnotations } from './shared-annotations.ts';
import { batchWords, onlyAt, stagePricing, togetherPricing } from '../prices/pricing.ts';
import type { Pricing } from '../prices/pricing.ts';
import { costOf, spentOn, surchargeOf, unplanned } from '../prices/call-spend.ts';
import type { Spent } from '../prices/call-spend.ts';
import { studentWork } from '../student/student-work.ts';

/** `microUsd` null: a price is not known. */
export interface Cost {
  readonly inputTokens: Range;
  readonly outputTokens: Range;
  readonly microUsd: Range | null;
}

export interface CellEstimate {
  readonly spec: RunSpec;
  /** Of its teacher, as if no other run of the grid asked for the same. */
  readonly teacher: Cost;
  readonly student: RunEstimate['student'];
}

export interface ComparisonEstimate {
  readonly cells: readonly CellEstimate[];
  /** Cells that share a pool and a teacher, with what the teacher costs for all of them. */
  readonly groups: readonly {
    readonly cells: readonly CellEstimate[];
    readonly teacher: Cost;
    readonly assumptions: readonly string[];
  }[];
  readonly teacher: Cost;
  readonly student: Cost;
  /** What the ranges rest on, one sentence each. */
  readonly assumptions: readonly string[];
}

/** Reads each pool a few times, asks nobody, charges nothing. Answers that any run has paid for cost nothing here. */
export async function estimateComparison(
  world: PlanningWorld,
  runs: readonly ComparedRun[],
): Promise<ComparisonEstimate> {
  const known = await comparedGroups(world, runs);
  const groups = await Promise.all(known.map(async (group) => await groupEstimate(world, group)));
  const cells = groups.flatMap((group) => group.cells);
  return {
    cells,
    groups,
    teacher: together(groups.map(({ teacher }) => teacher)),
    student: together(cells.map(({ student }) => student)),
    assumptions: [
      'A row that several runs have annotated is paid once: at the least all take those of the largest, at the most no ' +
        'two the same, likely what independent draws share.',
      'Invented rows and verifications count for every run: runs of one seed may share them, and then pay less. At the ' +
        'least all share those of the dearest, or those that the ledger has.',
      ...new Set([
        ...known.flatMap(({ calibration }) => calibration.assumptions),
        ...groups.flatMap((group) => group.assumptions),
      ]),
    ],
  };
}

/** A run of a group: what each part of it would take by itself. */
interface Portion {
  readonly cell: CellEstimate;
  readonly loads: readonly PlannedLoad[];
  readonly invented: Spent;
  readonly spare: Spent;
  readonly pricing: Pricing | null;
}

async function groupEstimate(
  world: PlanningWorld,
  group: ComparedGroup,
): Promise<ComparisonEstimate['groups'][number]> {
  const portions = await Promise.all(
    group.runs.map(async (run) => portionOf(group, run, await inventedBefore(world, run.spec.name))),
  );
  const { calibration, prompts } = group;
  const pool = Map.groupBy(prompts.rows, ({ domain }) => domain);
  const domains = new Map(
    [...pool].map(([domain, rows]) => {
      const paid = rows.filter(({ key }) => key === null || !prompts.isFree(key));
      const counted = paid.reduce((sum, { tokens }) => sum + tokens, 0);
      return [domain, { rows: rows.length, paid: paid.length, counted }] as const;
    }),
  );
  const annotate = sharedAnnotations(
    portions.map(({ loads }) => loads),
    domains,
  );
  const annotated = spentOn(calibration, { domain: '', annotate, synthesise: noLoad }, false);
  const invented = sharedAtLeast(
    portions.map((portion) => portion.invented),
    group.paidBefore,
  );
  const [first] = group.runs;
  const pricing = togetherPricing(portions.map((portion) => portion.pricing));
  const planned = [annotated, invented];
  const cost = costOf(pricing, [...planned, ...portions.map(({ spare }) => spare)]);
  const surcharge =
    first === undefined
      ? nothing
      : surchargeOf(first.spec, pricing, singleCalls(first.spec) * group.runs.length, planned);
  return {
    cells: portions.map(({ cell }) => cell),
    teacher: withSurcharge(cost, surcharge),
    assumptions: first === undefined ? [] : batchWords(first.spec, [pricing]),
  };
}

/** Rows invented for a run that the ledger has: it asks for none of them again. */
async function inventedBefore({ ledger }: PlanningWorld, run: string): Promise<number> {
  const usage = (await ledger?.answerUsage([run])) ?? [];
  return usage.find(({ kind }) => kind === 'synthesise')?.count ?? 0;
}

function portionOf(group: ComparedGroup, { spec, plan }: GroupedRun, bought: number): Portion {
  const { calibration, prompts, table, lengths } = group;
  const left = plan.synthetic === 0 ? 1 : Math.max(0, plan.synthetic - bought) / plan.synthetic;
  const stages = plannedLoads(plan.stages, spec.switches, prompts);
  const pricing = togetherPricing(
    plan.stages.length === 0
      ? [onlyAt(teacherRates(spec))]
      : stages.map((own, stage) => stagePricing(spec, stage, callsOf(own))),
  );
  const loads = stages.flat().map(({ synthesise, ...load }): PlannedLoad => {
    const { calls, paid, counted } = synthesise;
    return { ...load, synthesise: { calls, paid: scaled(paid, left), counted: scaled(counted, left) } };
  });
  const verifies = spec.switches.verify === 'teacher';
  const spent = loads.map((load) => spentOn(calibration, load, verifies));
  const invented = loads.map((load) => spentOn(calibration, { ...load, annotate: noLoad }, verifies));
  const calls = loads.reduce((sum, load) => sum + load.annotate.calls + load.synthesise.calls * (verifies ? 2 : 1), 0);
  const spare = unplanned(plan.callLimit, calls, spent);
  const work = { spec, plan, table, prompt: lengths.studentPrompt, rationale: calibration.outputTokens.annotate };
  const { student } = estimateStudent(studentWork(work));
  return {
    cell: {
      spec,
      teacher: withSurcharge(costOf(pricing, [...spent, spare]), surchargeOf(spec, pricing, singleCalls(spec), spent)),
      student,
    },
    loads,
    invented: partsOf(invented, sumOf),
    spare,
    pricing,
  };
}

/** Calls of a run that go by themselves also where the others go by batch: the one that finds out the form. */
function singleCalls({ teacher }: RunSpec): number {
  return teacher?.output === 'auto' ? 1 : 0;
}

function withSurcharge(cost: Cost, surcharge: Range): Cost {
  return { ...cost, microUsd: cost.microUsd && whole(sumOf([cost.microUsd, surcharge])) };
}

/** Nobody knows how many of these are asked for twice, here or by runs before: the least is as if all were. */
function sharedAtLeast(spent: readonly Spent[], paidBefore: boolean): Spent {
  return partsOf(spent, (ranges) => ({
    ...sumOf(ranges),
    low: paidBefore ? 0 : Math.max(0, ...ranges.map(({ low }) => low)),
  }));
}

function partsOf(spent: readonly Spent[], of: (ranges: readonly Range[]) => Range): Spent {
  return {
    domain: '',
    real: 0,
    synthetic: spent.reduce((sum, { synthetic }) => sum + synthetic, 0),
    paid: of(spent.map(({ paid }) => paid)),
    input: of(spent.map(({ input }) => input)),
    output: of(spent.map(({ output }) => output)),
  };
}

function together(costs: readonly Cost[]): Cost {
  const money = costs.map(({ microUsd }) => microUsd);
  return {
    inputTokens: whole(sumOf(costs.map(({ inputTokens }) => inputTokens))),
    outputTokens: whole(sumOf(costs.map(({ outputTokens }) => outputTokens))),
    microUsd: money.includes(null) ? null : sumOf(money.map((range) => range ?? nothing)),
  };
}
