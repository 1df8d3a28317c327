/** Report: writes the folder of a run: report, training set with provenance, predictions, metrics. */
import { join } from 'node:path';
import { z } from 'zod';
import type { FineTuneInput, Reported, ReportInput } from '../../contracts/activity-messages.ts';
import { Metrics } from '../../contracts/metrics.ts';
import { DomainOutcome, DomainTable } from '../../contracts/records.ts';
import type { Report } from '../../contracts/report.ts';
import type { StagePart } from '../../contracts/report.ts';
import { simulatedParts } from '../../contracts/run/simulated.ts';
import type { StageResult } from '../../contracts/stage.ts';
import { markdownReport } from '../../report/markdown.ts';
import { historyOf } from './report-history.ts';
import { drawSamples } from './report-samples.ts';
import { keptEstimate } from './kept-estimate.ts';
import { prompts, versions } from './report-versions.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { World } from '../ports/world.ts';
import { trainingFormats, writeTrainingSet } from './training-set.ts';

/** Points of the budget history: enough for a figure. */
const historyPoints = 200;

const Loss = z.strictObject({ step: z.int(), loss: z.number() });

/** Copies the training file to the run's folder and returns the absolute path. */
export async function exportTraining(world: World, { spec, stage, training }: FineTuneInput): Promise<string> {
  const path = join(world.runFolder(spec.name), `train-stage-${stage}.jsonl`);
  await world.artifacts.export(training, path);
  return path;
}

export async function report(world: World, input: ReportInput): Promise<Reported> {
  const { artifacts } = world;
  const folder = world.runFolder(input.spec.name);
  const document = await reportOf(world, input);
  const last = input.stages.at(-1);
  if (last !== undefined) {
    const { spec, status } = input;
    const { training } = last;
    const examples = input.stages.map((stage) => stage.examples);
    const set = { spec, status, teacherModel: document.teacherModel, examples, training };
    await writeTrainingSet(artifacts, set, folder, trainingFormats);
  }
  const scores = input.test ?? last?.validation ?? null;
  if (scores !== null) {
    await artifacts.export(scores.predictions, join(folder, `predictions.${scores.split}.jsonl`));
    await artifacts.export(scores.metrics, join(folder, 'metrics.json'));
  }
  await artifacts.exportText(`${JSON.stringify(document, null, 2)}\n`, join(folder, 'report.json'));
  await artifacts.exportText(markdownReport(document), join(folder, 'report.md'));
  // The page needs a chart library and a DOM, so it is imported only when a report is written.
  const { htmlReport } = await import('../../report/html/run-page.ts');
  await artifacts.exportText(htmlReport(document), join(folder, 'report.html'));
  return { folder, studentModel: document.studentModel };
}

async function reportOf(world: World, input: ReportInput): Promise<Report> {
  const { artifacts, ledger } = world;
  const { spec, prepared } = input;
  const table = prepared === null ? null : await artifacts.readJson(prepared.domains, DomainTable);
  const { budget, calls, tokens, money, unusable } = await ledger.summary({ run: spec.name });
  return {
    version: 2,
    run: spec.name,
    status: input.status,
    startedAt: new Date(input.startedAt).toISOString(),
    seconds: Math.round((Date.now() - input.startedAt) / 100) / 10,
    spec,
    prompts: prompts(spec, input.stages.findLast(({ output }) => output !== undefined)?.output ?? null),
    versions,
    teacherModel: input.connected?.teacherModel ?? null,
    studentModel:
      input.stages.findLast(({ student }) => student !== null)?.student?.model ??
      (spec.stages === 0 ? (input.connected?.studentModel ?? null) : null),
    simulated: simulatedParts(spec),
    data: {
      pool: prepared?.pool.rows ?? 0,
      validation: prepared?.validation?.rows ?? 0,
      test: prepared?.test?.rows ?? 0,
      domains: Object.keys(table?.pool ?? {}).length,
      duplicatesDropped: prepared?.dropped.duplicates ?? 0,
      leaksDropped: prepared?.dropped.leaks ?? 0,
      unscored: table?.unscored ?? [],
      domainRows: Object.entries(table?.pool ?? {})
        .map(([domain, rows]) => ({ domain, rows }))
        .sort((a, b) => b.rows - a.rows || (a.domain < b.domain ? -1 : 1)),
    },
    stages: await Promise.all(
      input.stages.map(async (stage, index) => await stagePart(artifacts, stage, input.stageSeconds[index] ?? 0)),
    ),
    test: input.test === null ? null : await artifacts.readJson(input.test.metrics, Metrics),
    ledger: {
      limit: budget.limit,
      charged: budget.charged,
      settled: calls.settled,
      cached: calls.cached,
      forfeited: calls.forfeited,
      recovered: calls.recovered,
      refused: calls.refused,
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      tokens: { ...budget.tokens, planned: tokens.worst },
      money: {
        chargedMicroUsd: budget.microUsd.charged,
        limitMicroUsd: budget.microUsd.limit,
        plannedMicroUsd: money.worstMicroUsd,
        teacherMicroUsd: money.teacherMicroUsd,
        studentMicroUsd: money.studentMicroUsd,
        unpriced: money.unpriced,
      },
      unusable,
    },
    estimate: await keptEstimate(ledger, spec.name),
    history: historyOf(await ledger.history({ run: spec.name, points: historyPoints })),
    samples: await drawSamples(world, input),
  };
}

async function stagePart(artifacts: Artifacts, stage: StageResult, seconds: number): Promise<StagePart> {
  const outcomes: DomainOutcome[] = [];
  for await (const outcome of artifacts.readLines(stage.outcomes, DomainOutcome)) outcomes.push(outcome);
  const losses: StagePart['losses'] = [];
  if (stage.student?.losses)
    for await (const loss of artifacts.readLines(stage.student.losses, Loss)) losses.push(loss);
  return {
    stage: stage.stage,
    seconds,
    counts: stage.counts,
    ...(stage.ranked === undefined || stage.ranked.rows === 0 ? {} : { ranked: stage.ranked }),
    outcomes,
    studentModel: stage.student?.model ?? null,
    validation: stage.validation === null ? null : await artifacts.readJson(stage.validation.metrics, Metrics),
    losses,
    skipped: stage.skipped,
    cancelled: stage.cancelled ?? false,
  };
}
