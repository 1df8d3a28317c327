import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { readSplit, scoreSplit } from '../../activities/evaluate.ts';
import type { SplitQuestions } from '../../activities/evaluate.ts';
import { evaluationPurse, worstCostOf } from '../../activities/evaluation-purse.ts';
import type { EvaluationPurse } from '../../activities/evaluation-purse.ts';
import { createPrepare } from '../../activities/prepare.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { createImporter } from '../../adapters/datasets/importer.ts';
import { isFree, studentRates } from '../../contracts/run-prices.ts';
import type { RunSpec } from '../../contracts/run-file.ts';
import type { Capabilities } from '../../contracts/stage.ts';
import { usdText } from '../../domain/cost.ts';
import { askedOf, withStudent } from '../evaluated-student.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { recordOf, resultOf, unknownRun } from '../memory.ts';
import { readRun } from '../run-source.ts';
import type { Terminal } from '../terminal.ts';
import { metricsText } from '../view/metrics.ts';
import { overridesOf, withOverrides } from './options.ts';

const Options = z.looseObject({
  run: z.string().optional(),
  model: z.string().min(1).optional(),
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  split: z.enum(['test', 'validation']).default('test'),
  predictions: z.string().min(1).optional(),
  yes: z.boolean().default(false),
  json: z.boolean().default(false),
});
type Options = z.infer<typeof Options>;

/** Chat needs nothing that would have to be probed for, and an endpoint may know nothing but chat. */
const chatOnly: Capabilities = {
  fineTuning: false,
  arrayPrompts: false,
  outputLogprobs: false,
  promptLogprobs: 'none',
  startIds: [],
  rescore: false,
};

export function evaluateCommand(program: Command, terminal: Terminal): void {
  withOverrides(program.command('evaluate').argument('[file]', 'run file (YAML): its data, task and student endpoint'))
    .description('score a student on the test or validation rows of a run file, or of a run; charged to no run')
    .option('--run <name>', 'the data and the student of a run, instead of a run file')
    .option('--model <name>', 'the student to ask; of a run, its own where not given')
    .option('--endpoint <url>', 'where it is served, if not where the run file says')
    .option('--split <name>', 'test (where not given) or validation')
    .option('--predictions <file>', 'write what was answered to each row, one JSON object a line')
    .option('--yes', 'go ahead although the student costs money')
    .option('--json')
    .action(async (file: string | undefined, given: unknown) => {
      const options = Options.safeParse(given);
      if (!options.success)
        throw new CommandError(exitCodes.usage, '--split is test or validation, --endpoint an http address.');
      await evaluate(terminal, await subjectOf(terminal, file, given, options.data), options.data);
    });
}

interface Subject {
  readonly spec: RunSpec;
  readonly model: string;
}

async function subjectOf(
  terminal: Terminal,
  file: string | undefined,
  given: unknown,
  options: Options,
): Promise<Subject> {
  const { run, model } = options;
  if ((file === undefined) === (run === undefined))
    throw new CommandError(exitCodes.usage, 'Give a run file, or a run with --run.');
  if (file !== undefined) {
    if (model === undefined) throw new CommandError(exitCodes.usage, 'Say which model to ask, with --model.');
    return { spec: readRun(file, overridesOf(given)), model };
  }
  const record = await recordOf(terminal.home, run ?? '');
  if (record === undefined) throw unknownRun(run ?? '');
  const own = model ?? resultOf(record)?.studentModel ?? undefined;
  if (own !== undefined) return { spec: record.spec, model: own };
  throw new CommandError(
    exitCodes.usage,
    `The run "${run}" has no student yet.`,
    'Say which model to ask, with --model.',
  );
}

async function evaluate(terminal: Terminal, { spec, model }: Subject, options: Options): Promise<void> {
  const { endpoint, split, json } = options;
  const asked = askedOf(spec, endpoint);
  const artifacts = createFileArtifacts(join(terminal.home, 'artifacts'));
  const prepared = await createPrepare({ artifacts, importer: createImporter() })(spec);
  const questions = await readSplit(artifacts, { spec, prepared, split });
  if (questions === null) throw new CommandError(exitCodes.usage, `The data have no ${split} rows.`);
  const maxTokens = asked.maxTokens.evaluate;
  const purse = purseFor(questions, { model, maxTokens, agreed: options.yes });
  const { concurrency } = asked;
  const evaluated = await withStudent(terminal.home, asked, { model, endpoint, purse }, async (student, url) => {
    terminal.note(`asking ${model} at ${url} for ${questions.rows.length} ${split} rows`);
    const can = spec.switches.format === 'chat' ? chatOnly : await student.probe(model);
    const { signal } = new AbortController();
    return { url, ...(await scoreSplit(questions, { student, model, can, signal, maxTokens, concurrency })) };
  });
  const { url, predictions, metrics } = evaluated;
  if (options.predictions !== undefined)
    await artifacts.export(await artifacts.writeLines(predictions), resolve(options.predictions));
  if (json) return terminal.printJson({ model, endpoint: url, split, microUsd: purse?.spent() ?? null, ...metrics });
  terminal.print(`${split}: ${metricsText(metrics)}`);
  if (purse !== undefined) terminal.print(`It cost ${usdText(purse.spent())} USD, charged to no run.`);
}

/** Nothing where the student is free, or nobody knows its price. Throws where it costs and nobody has agreed. */
function purseFor(
  questions: SplitQuestions,
  { model, maxTokens, agreed }: { model: string; maxTokens: number; agreed: boolean },
): EvaluationPurse | undefined {
  const rates = studentRates(questions.spec);
  if (rates === null || isFree(rates)) return undefined;
  const worst = worstCostOf(rates, questions, model, maxTokens);
  if (agreed) return evaluationPurse(rates, worst);
  const message = `Asking ${model} for ${questions.rows.length} rows may cost up to ${usdText(worst)} USD, charged to no run.`;
  throw new CommandError(exitCodes.usage, message, 'Nothing was asked. Go ahead with --yes.');
}
