import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { readSplit, scoreSplit } from '../../activities/student/evaluate.ts';
import type { SplitQuestions } from '../../activities/student/evaluate.ts';
import { evaluationAccount, worstCostOf } from '../../activities/student/evaluation-account.ts';
import type { EvaluationAccount } from '../../activities/student/evaluation-account.ts';
import { createPrepare } from '../../activities/data/prepare.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { createImporter } from '../../adapters/datasets/importer.ts';
import { tablePrice } from '../../adapters/prices/price-table.ts';
import { askedRates, isFree } from '../../contracts/run/run-prices.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Capabilities } from '../../contracts/stage.ts';
import { usdText } from '../../domain/budget/cost.ts';
import { addressOf, askedOf, isLocal, withStudent } from '../evaluated-student.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { recordOf, resultOf, unknownRun } from '../runs/stored-runs.ts';
import { outsideHome } from '../outside-home.ts';
import { requirePublicAddress } from '../public-address.ts';
import { readRun } from '../runs/run-source.ts';
import type { Terminal } from '../terminal.ts';
import { metricsText } from '../view/metrics.ts';
import { overridesOf, runName, withOverrides } from './options.ts';

const Options = z.looseObject({
  run: z.string().optional(),
  model: z.string().min(1).optional(),
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  apiKeyEnv: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/)
    .optional(),
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
    .option('--run <name>', 'use the data and the student of a run instead of a run file', runName)
    .option('--model <name>', 'student to score (default with --run: the last student of the run)')
    .option('--endpoint <url>', 'address of the student, instead of that in the run file')
    .option(
      '--api-key-env <name>',
      "environment variable with that endpoint's key; the run file's goes to its own server only",
    )
    .option('--split <name>', 'test (default) or validation')
    .option('--predictions <file>', 'write the answer to each row, one JSON object a line')
    .option('--yes', 'confirm a student that costs money or has an unknown price')
    .option('--json')
    .action(async (file: string | undefined, given: unknown) => {
      const options = Options.safeParse(given);
      if (!options.success)
        throw new CommandError(
          exitCodes.usage,
          '--split is test or validation, --endpoint an http address, --api-key-env the name of an environment variable.',
        );
      requirePublicAddress(
        options.data.endpoint,
        'Name the environment variable that holds the key with --api-key-env.',
      );
      await evaluate(terminal, await subjectOf(terminal, file, given, options.data), options.data);
    });
}

interface Subject {
  readonly spec: RunSpec;
  readonly model: string;
  /** Whether the model is known as the one the run trained. */
  readonly trained: boolean;
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
    return { spec: readRun(file, overridesOf(given)), model, trained: false };
  }
  const changed = Object.keys(overridesOf(given));
  if (changed.length > 0)
    throw new CommandError(
      exitCodes.usage,
      `A run is evaluated with the settings it has: ${changed.join(', ')} cannot be changed together with --run.`,
      'Leave that out, or give a run file in place of --run.',
    );
  const record = await recordOf(terminal.home, run ?? '');
  if (record === undefined) throw unknownRun(run ?? '');
  const own = resultOf(record)?.studentModel ?? undefined;
  const asked = model ?? own;
  if (asked !== undefined) return { spec: record.spec, model: asked, trained: asked === own };
  throw new CommandError(
    exitCodes.usage,
    `The run "${run}" has no student yet.`,
    'Say which model to ask, with --model.',
  );
}

async function evaluate(terminal: Terminal, subject: Subject, options: Options): Promise<void> {
  const { spec, model } = subject;
  const { endpoint, apiKeyEnv, split, json } = options;
  const asked = askedOf(spec, { endpoint, apiKeyEnv });
  const artifacts = createFileArtifacts(join(terminal.home, 'artifacts'));
  const prepared = await createPrepare({ artifacts, importer: createImporter() })(spec);
  const questions = await readSplit(artifacts, { spec, prepared, split });
  if (questions === null) throw new CommandError(exitCodes.usage, `The data have no ${split} rows.`);
  const maxTokens = asked.maxTokens.evaluate;
  const address = addressOf(terminal.home, asked, endpoint);
  const account = purseFor(questions, { ...subject, endpoint, address, maxTokens, agreed: options.yes });
  const { concurrency } = asked;
  const evaluated = await withStudent(
    terminal.home,
    asked,
    { model, endpoint, apiKeyEnv, account },
    async (student, url) => {
      terminal.note(`asking ${model} at ${url} for ${questions.rows.length} ${split} rows`);
      const can = spec.switches.format === 'chat' ? chatOnly : await student.probe(model);
      const { signal } = new AbortController();
      return { url, ...(await scoreSplit(questions, { student, model, can, signal, maxTokens, concurrency })) };
    },
  );
  const { url, predictions, metrics } = evaluated;
  const file = options.predictions;
  if (file !== undefined) {
    const written = await artifacts.writeLines(predictions);
    await outsideHome(terminal, async () => await artifacts.export(written, resolve(file)));
  }
  if (json) return terminal.printJson({ model, endpoint: url, split, microUsd: account?.spent() ?? null, ...metrics });
  terminal.print(`${split}: ${metricsText(metrics)}`);
  if (account !== undefined) terminal.print(`It cost ${usdText(account.spent())} USD, charged to no run.`);
}

interface Asked extends Subject {
  readonly endpoint: string | undefined;
  readonly address: string | undefined;
  readonly maxTokens: number;
  readonly agreed: boolean;
}

/**
 * Asks nothing where the model is free, or on this machine without a price. Throws where the cost, or a call of unknown
 * price, was not confirmed.
 */
function purseFor(
  questions: SplitQuestions,
  { spec, model, trained, endpoint, address, maxTokens, agreed }: Asked,
): EvaluationAccount | undefined {
  const listed = address === undefined ? undefined : tablePrice(model, address);
  const rates = askedRates(spec, { model, endpoint, trained, listed });
  if (rates === null) {
    if (agreed || address === undefined || isLocal(address)) return undefined;
    const unknown = `The price of asking ${model} at ${address} for ${questions.rows.length} rows is unknown; it is charged to no run.`;
    const remedy = 'Nothing was asked. Write its price into the run file (`prices`), or go ahead with --yes.';
    throw new CommandError(exitCodes.usage, unknown, remedy);
  }
  if (isFree(rates)) return undefined;
  const worst = worstCostOf(rates, questions, model, maxTokens);
  if (agreed) return evaluationAccount(rates, worst);
  const message = `Asking ${model} for ${questions.rows.length} rows may cost up to ${usdText(worst)} USD, charged to no run.`;
  throw new CommandError(exitCodes.usage, message, 'Nothing was asked. Go ahead with --yes.');
}
