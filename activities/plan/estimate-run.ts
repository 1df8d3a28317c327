/** What a run would cost, stage by stage, before it spends anything (`plan`; DESIGN section 6). */
import { DomainTable } from '../../contracts/records.ts';
import { teacherRates } from '../../contracts/run-prices.ts';
import type { RunEstimate, StageEstimate } from '../../contracts/run-estimate.ts';
import type { RunSpec } from '../../contracts/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { secondsAtLimits } from '../../domain/flow/seconds-at-limits.ts';
import { plannedFilling } from '../../domain/planned-calls.ts';
import { productOf, scaled, sumOf, whole } from '../../domain/range.ts';
import type { Range } from '../../domain/range.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Teacher } from '../ports/teacher.ts';
import type { World } from '../ports/world.ts';
import { inputTokensOf, secondsOf } from './calibration.ts';
import type { Calibration } from './calibration.ts';
import { tokenCounter } from './count-tokens.ts';
import { diskOf } from './disk.ts';
import { estimateStudent } from './estimate-student.ts';
import { whatIsKnown } from './known.ts';
import { moneyOf } from './money.ts';
import { plannedLoads } from './planned-prompts.ts';
import { loadOf } from './planned-prompts.ts';
import type { CallLoad, PlannedLoad } from './planned-prompts.ts';
import { plannedRun } from './planned-run.ts';

/** What an estimate looks at. `ledger` null: there is none yet, so nothing is known of any model. */
export interface PlanningWorld extends Pick<World, 'artifacts' | 'student'> {
  readonly ledger: Pick<Ledger, 'knownAnswers' | 'answerUsage' | 'runs'> | null;
  teacher(spec: RunSpec): Pick<Teacher, 'model' | 'maxTokens' | 'content'>;
}

/** Reads the pool once more, asks nobody, charges nothing. Throws `InvalidInput` where stage 0 would. */
export async function estimateRun(world: PlanningWorld, spec: RunSpec, prepared: Prepared): Promise<RunEstimate> {
  const table = await world.artifacts.readJson(prepared.domains, DomainTable);
  const plan = plannedRun(spec, table.pool);
  const teacher = spec.teacher === undefined ? null : world.teacher(spec);
  const count = await tokenCounter();
  const known = await whatIsKnown(world, { spec, prepared, teacher, plan, pool: table.pool }, count);
  const { calibration, prompts, lengths } = known;
  const loads = plannedLoads(plan.stages, spec.switches, prompts);
  const rates = teacherRates(spec);
  const cost = (load: readonly Spent[]) => {
    const [inputTokens, outputTokens] = [
      sumOf(load.map(({ input }) => input)),
      sumOf(load.map(({ output }) => output)),
    ];
    return {
      inputTokens: whole(inputTokens),
      outputTokens: whole(outputTokens),
      microUsd: rates === null ? null : whole(moneyOf(rates, inputTokens, outputTokens)),
    };
  };
  let moved = plan.real - plan.stages.reduce((sum, { quotas, slots }) => sum + ownOf(quotas, slots), 0);
  const filled = plan.stages.map(({ quotas, slots }) => {
    const own = ownOf(quotas, slots);
    const filling = plannedFilling(spec.switches, { slots, missing: slots - own, rows: own + moved });
    moved -= filling.real - own;
    return filling;
  });
  const target = sumOf([calibration.outputTokens.annotate, { low: 0, likely: 0, high: 8 }]);
  const { student, stages: studied } = estimateStudent({
    spec,
    stages: plan.stages,
    table,
    prompt: lengths.studentPrompt,
    target: spec.switches.rationale === 'none' ? { low: 4, likely: 8, high: 16 } : target,
    examples: filled.map((filling, index) => (plan.stages[index]?.slots ?? 0) - filling.empty),
  });
  const verifies = spec.switches.verify === 'teacher';
  const spent = loads.map((domains) => domains.map((domain) => spentOn(calibration, domain, verifies)));
  const stages = plan.stages.map(({ stage, quotas }, index): StageEstimate => {
    const own = spent[index] ?? [];
    const { annotate, synthesise } = totalOf(loads[index] ?? []);
    const free = sumOf([annotate, synthesise].map(freeOf));
    return {
      stage,
      annotate: annotate.calls,
      synthesise: synthesise.calls,
      verify: verifies ? synthesise.calls : 0,
      answered: whole(free),
      ...cost(own),
      domains:
        quotas &&
        own.map(({ domain, real, synthetic, input, output }) => {
          return { domain, real, synthetic, inputTokens: whole(input), outputTokens: whole(output) };
        }),
      ...(studied[index] ?? { candidates: 0, evaluated: 0, trainedTokens: target }),
    };
  });
  const all = spent.flat();
  const { spare, paid } = unplanned(plan, stages, all);
  return {
    run: spec.name,
    teacher: {
      model: teacher?.model ?? null,
      calls: plan.calls,
      callLimit: plan.callLimit,
      answered: whole(sumOf(stages.map(({ answered }) => answered))),
      bought: known.bought,
      ...cost([...all, spare]),
      seconds: longer(secondsOf(calibration, paid, spec.teacher?.concurrency ?? 1), spec, paid, [...all, spare]),
    },
    student,
    diskBytes: diskOf({ prepared, prompts: lengths, stages, epochs: plan.stages.length, calls: plan.calls }),
    stages,
    assumptions: [...calibration.assumptions, ...known.assumptions],
  };
}

/** No faster than the endpoint allows. */
function longer(seconds: Range, { teacher }: RunSpec, paid: Range, all: readonly Spent[]): Range {
  const [input, output] = [sumOf(all.map((spent) => spent.input)), sumOf(all.map((spent) => spent.output))];
  const at = (level: keyof Range): number => {
    const work = { calls: paid[level], input: input[level], output: output[level] };
    return Math.max(seconds[level], secondsAtLimits(teacher?.limits ?? {}, work));
  };
  return { low: at('low'), likely: at('likely'), high: at('high') };
}

interface Spent {
  readonly domain: string;
  readonly real: number;
  readonly synthetic: number;
  readonly paid: Range;
  readonly input: Range;
  readonly output: Range;
}

function spentOn(calibration: Calibration, { domain, annotate, synthesise }: PlannedLoad, verifies: boolean): Spent {
  const { outputTokens } = calibration;
  const asked = [annotate, synthesise].map(({ paid, counted }) => inputTokensOf(calibration, counted, paid));
  const written = [
    productOf(annotate.paid, outputTokens.annotate),
    productOf(synthesise.paid, outputTokens.synthesise),
  ];
  // A verification reads what was invented; where that was dropped, there is none.
  const verified = verifies ? { ...synthesise.paid, low: 0 } : scaled(synthesise.paid, 0);
  const read = productOf(verified, sumOf([outputTokens.synthesise, { low: 0, likely: 100, high: 400 }]));
  return {
    domain,
    real: annotate.calls,
    synthetic: synthesise.calls,
    paid: sumOf([annotate.paid, synthesise.paid, verified]),
    input: sumOf([...asked, read]),
    output: sumOf([...written, productOf(verified, outputTokens.verify)]),
  };
}

/** Refills and calls asked again may use what the limit leaves beyond the plan; each costs at most what a planned one does. */
function unplanned(
  plan: { readonly calls: number; readonly callLimit: number },
  stages: readonly StageEstimate[],
  all: readonly Spent[],
): { readonly spare: Spent; readonly paid: Range } {
  const most = Math.max(0, plan.callLimit - plan.calls);
  const calls = stages.reduce((sum, { annotate, synthesise, verify }) => sum + annotate + synthesise + verify, 0);
  const share = calls === 0 ? 0 : most / calls;
  const atMost = (of: (spent: Spent) => Range): Range => {
    return { low: 0, likely: 0, high: sumOf(all.map(of)).high * share };
  };
  const paid = sumOf(all.map((spent) => spent.paid));
  return {
    spare: {
      domain: '',
      real: 0,
      synthetic: 0,
      paid: { low: 0, likely: 0, high: most },
      input: atMost(({ input }) => input),
      output: atMost(({ output }) => output),
    },
    paid: { ...paid, high: paid.high + (paid.high === 0 ? 0 : most) },
  };
}

function totalOf(loads: readonly PlannedLoad[]): Pick<PlannedLoad, 'annotate' | 'synthesise'> {
  return {
    annotate: loadOf(loads.map(({ annotate }) => annotate)),
    synthesise: loadOf(loads.map(({ synthesise }) => synthesise)),
  };
}

function freeOf({ calls, paid }: CallLoad): Range {
  return { low: calls - paid.high, likely: calls - paid.likely, high: calls - paid.low };
}

/** Slots of a stage that rows of their own domain fill. */
function ownOf(quotas: readonly { readonly real: number }[] | null, slots: number): number {
  return quotas === null ? slots : quotas.reduce((sum, { real }) => sum + real, 0);
}
