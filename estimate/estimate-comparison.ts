/** Estimates the total cost of the runs of a comparison (`plan` and `compare` of a compare file). */
import type { RunEstimate } from '../contracts/run-estimate.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import type { Prepared } from '../contracts/stage.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { nothing, sumOf } from '../domain/statistics/range.ts';
import type { Range } from '../domain/statistics/range.ts';
import { estimateRun } from './estimate-run.ts';
import type { PlanningWorld } from './estimation-world.ts';

/** A run of the comparison whose data have been prepared. */
export interface ComparedRun {
  readonly spec: RunSpec;
  readonly prepared: Prepared;
}

/** `microUsd` null: a price is unknown. */
export interface Cost {
  readonly inputTokens: Range;
  readonly outputTokens: Range;
  readonly microUsd: Range | null;
}

export interface CellEstimate {
  readonly spec: RunSpec;
  readonly teacher: RunEstimate['teacher'];
  readonly student: RunEstimate['student'];
}

export interface ComparisonEstimate {
  readonly cells: readonly CellEstimate[];
  readonly teacher: Cost;
  readonly student: Cost;
  /** The assumptions behind the ranges, one sentence each. */
  readonly assumptions: readonly string[];
}

/**
 * Sends no request and charges nothing. An upper bound: an answer that several runs ask for is paid once and counted
 * for each of them. Runs that differ in their seed alone are estimated once, so a pool is not read for every run.
 */
export async function estimateComparison(
  world: PlanningWorld,
  runs: readonly ComparedRun[],
): Promise<ComparisonEstimate> {
  const started = await startedRuns(world, runs);
  const cells: CellEstimate[] = [];
  const assumptions = new Set<string>();
  for (const group of Map.groupBy(runs, (run) => groupOf(run, started)).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { teacher, student, assumptions: own } = await estimateRun(world, first.spec, first.prepared);
    cells.push(...group.map(({ spec }) => ({ spec, teacher, student })));
    for (const assumption of own) assumptions.add(assumption);
  }
  return {
    cells,
    teacher: totalCost(cells.map(({ teacher }) => teacher)),
    student: totalCost(cells.map(({ student }) => student)),
    assumptions: [
      'The maximum is the sum of all runs. Answers that several runs ask for are paid once, so the total can be as low as ' +
        'that of the most expensive run.',
      ...assumptions,
    ],
  };
}

/** Runs that are in the ledger already: each has less left to pay than the others of its group. */
async function startedRuns({ ledger }: PlanningWorld, runs: readonly ComparedRun[]): Promise<ReadonlySet<string>> {
  const known = (await ledger?.runs()) ?? [];
  const names = new Set(runs.map(({ spec }) => spec.name));
  return new Set(known.filter(({ name }) => names.has(name)).map(({ name }) => name));
}

function groupOf({ spec, prepared }: ComparedRun, started: ReadonlySet<string>): string {
  const { name, seed: _, ...rest } = spec;
  return started.has(name) ? name : canonicalJson([prepared.pool, prepared.domains, rest]);
}

function totalCost(costs: readonly Cost[]): Cost {
  const money = costs.map(({ microUsd }) => microUsd);
  return {
    inputTokens: totalOf(costs.map(({ inputTokens }) => inputTokens)),
    outputTokens: totalOf(costs.map(({ outputTokens }) => outputTokens)),
    microUsd: money.includes(null) ? null : totalOf(money.map((range) => range ?? nothing)),
  };
}

/** From the largest run alone (all runs share their answers) to the sum. */
function totalOf(ranges: readonly Range[]): Range {
  return { ...sumOf(ranges), low: Math.max(0, ...ranges.map(({ low }) => low)) };
}
