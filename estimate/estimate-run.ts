/** Estimates the cost of a run, stage by stage, before it spends anything (`plan`). */
import { DomainTable } from '../contracts/records.ts';
import { teacherRates } from '../contracts/run/run-prices.ts';
import type { RunEstimate, StageEstimate } from '../contracts/run-estimate.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import type { Prepared } from '../contracts/stage.ts';
import { secondsAtLimits } from '../domain/flow/seconds-at-limits.ts';
import { nothing, sumOf, whole } from '../domain/statistics/range.ts';
import type { Range } from '../domain/statistics/range.ts';
import { secondsOf } from './known/calibration.ts';
import { tokenCounter } from './prompts/count-tokens.ts';
import { diskUse } from './prices/disk-space.ts';
import { estimateStudent } from './student/estimate-student.ts';
import { estimateBasis } from './known/known-before-run.ts';
import { sumLoads, plannedLoads } from './prompts/prompt-tokens.ts';
import type { CallLoad, PlannedLoad } from './prompts/prompt-tokens.ts';
import type { PlanningWorld } from './estimation-world.ts';
import { plannedRun } from './run-size.ts';
import { batchAssumptions, pricingOf, stagePricing, combinedPricing } from './prices/pricing.ts';
import { costOf, paidCalls, spendOf, surchargeOf, spareSpend } from './prices/call-spend.ts';
import type { CallSpend } from './prices/call-spend.ts';
import { studentWork } from './student/student-work.ts';

/** Reads the pool, sends no request and charges nothing. Throws `InvalidInput` if stage 0 would. */
export async function estimateRun(world: PlanningWorld, spec: RunSpec, prepared: Prepared): Promise<RunEstimate> {
  const table = await world.artifacts.readJson(prepared.domains, DomainTable);
  const plan = plannedRun(spec, table.pool);
  const teacher = spec.teacher === undefined ? null : world.teacher(spec);
  const count = await tokenCounter();
  const known = await estimateBasis(world, { spec, prepared, teacher, plan }, count);
  const { calibration, prompts, lengths } = known;
  const loads = plannedLoads(plan.stages, spec.switches, prompts);
  const pricings = loads.map((own, stage) => stagePricing(spec, stage, callsOf(own)));
  const { student, stages: studentStages } = estimateStudent(
    studentWork({ spec, plan, table, prompt: lengths.studentPrompt, rationale: calibration.outputTokens.annotate }),
  );
  const verifies = spec.switches.verify === 'teacher';
  const spent = loads.map((domains) => domains.map((domain) => spendOf(calibration, domain, verifies)));
  const stages = plan.stages.map(({ stage, quotas }, index): StageEstimate => {
    const own = spent[index] ?? [];
    const { annotate, synthesize } = totalOf(loads[index] ?? []);
    const answered = sumOf([annotate, synthesize].map(answeredCalls));
    return {
      stage,
      annotate: annotate.calls,
      synthesize: synthesize.calls,
      verify: verifies ? synthesize.calls : 0,
      answered: whole(answered),
      ...costOf(pricings[index] ?? null, own),
      domains:
        quotas &&
        own.map(({ domain, real, synthetic, input, output }) => {
          return { domain, real, synthetic, inputTokens: whole(input), outputTokens: whole(output) };
        }),
      ...(studentStages[index] ?? { candidates: 0, evaluated: 0, trainedTokens: nothing }),
    };
  });
  const all = spent.flat();
  const calls = stages.reduce((sum, { annotate, synthesize, verify }) => sum + annotate + synthesize + verify, 0);
  const spare = spareSpend(plan.callLimit, calls, all);
  const pricing = pricings.length === 0 ? pricingOf(teacherRates(spec)) : combinedPricing(pricings);
  const paid = paidCalls(all, spare);
  const single = known.bought + (spec.teacher?.output === 'auto' ? 1 : 0);
  const parts = [...stages, costOf(pricing, [spare])].map(({ microUsd }) => microUsd);
  const surcharge = surchargeOf(spec, pricing, single, all);
  return {
    run: spec.name,
    teacher: {
      model: teacher?.model ?? null,
      calls: plan.calls,
      callLimit: plan.callLimit,
      answered: whole(sumOf(stages.map(({ answered }) => answered))),
      bought: known.bought,
      ...costOf(pricing, [...all, spare]),
      microUsd: parts.includes(null) ? null : whole(sumOf([...parts.flatMap((part) => part ?? []), surcharge])),
      seconds: withinRateLimits(secondsOf(calibration, paid, spec.teacher?.concurrency ?? 1), spec, paid, [
        ...all,
        spare,
      ]),
    },
    student,
    diskBytes: diskUse({ prepared, prompts: lengths, stages, epochs: plan.stages.length, calls: plan.calls }),
    stages,
    assumptions: [
      ...calibration.assumptions,
      ...calibration.timeAssumptions,
      ...batchAssumptions(spec, pricings),
      ...batchTimeAssumptions(spec),
      ...known.assumptions,
    ],
  };
}

function batchTimeAssumptions({ teacher }: RunSpec): readonly string[] {
  if (teacher === undefined || teacher.mode === 'sync') return [];
  return ['In batch mode a round takes up to 24 hours. The estimated time is that of single calls.'];
}

/** Raises the times to what the endpoint's rate limits allow. */
function withinRateLimits(seconds: Range, { teacher }: RunSpec, paid: Range, all: readonly CallSpend[]): Range {
  const [input, output] = [sumOf(all.map((spent) => spent.input)), sumOf(all.map((spent) => spent.output))];
  const at = (level: keyof Range): number => {
    const work = { calls: paid[level], input: input[level], output: output[level] };
    return Math.max(seconds[level], secondsAtLimits(teacher?.limits ?? {}, work));
  };
  return { low: at('low'), likely: at('likely'), high: at('high') };
}

function totalOf(loads: readonly PlannedLoad[]): Pick<PlannedLoad, 'annotate' | 'synthesize'> {
  return {
    annotate: sumLoads(loads.map(({ annotate }) => annotate)),
    synthesize: sumLoads(loads.map(({ synthesize }) => synthesize)),
  };
}

/** Calls of these domains, without verifications. */
export function callsOf(loads: readonly PlannedLoad[]): number {
  const { annotate, synthesize } = totalOf(loads);
  return annotate.calls + synthesize.calls;
}

function answeredCalls({ calls, paid }: CallLoad): Range {
  return { low: calls - paid.high, likely: calls - paid.likely, high: calls - paid.low };
}
