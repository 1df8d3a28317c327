/** `doctor`: whether this machine, a run file and its endpoints are fit for a run; or what an endpoint can do. */
import type { Command } from 'commander';
import { z } from 'zod';
import { Objection } from '../../conformance/case.ts';
import type { Examination } from '../../conformance/examine.ts';
import { usesOf } from '../../conformance/uses.ts';
import { EndpointOptions, examineEndpoint } from '../doctor/endpoint.ts';
import { lookOver } from '../doctor/examine.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Terminal } from '../terminal.ts';
import { examinationText } from '../view/endpoint.ts';
import { looksText } from '../view/examination.ts';
import type { Finish } from './finish.ts';

const Options = z.looseObject({
  endpoint: z.string().optional(),
  model: z.string().optional(),
  apiKeyEnv: z.string().optional(),
  json: z.boolean().default(false),
});

export function doctorCommand(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('doctor')
    .argument('[file]', 'run file (YAML): its keys and endpoints are checked too')
    .description('check this machine and a run file before a run; with --endpoint: check what an endpoint supports')
    .option('--endpoint <url>', 'check this OpenAI-compatible endpoint (with /v1) instead')
    .option('--model <name>', 'model to call; a base model for a student endpoint')
    .option('--api-key-env <name>', 'environment variable that holds its key')
    .option('--no-training', 'start no training')
    .option('--yes', 'confirm calls to a remote endpoint, which may cost money')
    .option('--json')
    .action(async (file: string | undefined, given: unknown) => {
      const { endpoint, model, apiKeyEnv, json } = Options.parse(given);
      if (endpoint === undefined) {
        if (model !== undefined || apiKeyEnv !== undefined)
          throw new CommandError(exitCodes.usage, '--model and --api-key-env belong to --endpoint.');
        const looks = await lookOver(terminal.home, file);
        if (json) terminal.printJson({ looks });
        else terminal.print(looksText(looks));
        return finish(looks.some(({ state }) => state === 'trouble') ? exitCodes.failed : exitCodes.done);
      }
      if (file !== undefined)
        throw new CommandError(exitCodes.usage, 'Give a run file or --endpoint, not both: they are two examinations.');
      const options = EndpointOptions.safeParse(given);
      if (!options.success)
        throw new CommandError(
          exitCodes.usage,
          '--endpoint is an http address with /v1, --api-key-env the name of an environment variable.',
        );
      const { model: asked, examination } = await reaching(() => examineEndpoint(terminal, options.data));
      const named = { url: endpoint, model: asked };
      if (json) terminal.printJson(examinationJson(named, examination));
      else terminal.print(examinationText(named, examination));
      const wrong = examination.findings.some(({ verdict }) => verdict === 'breaks');
      finish(wrong ? exitCodes.failed : exitCodes.done);
    });
}

/** Where not even the list of models comes, there is nothing to examine. */
async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Objection)) throw error;
    throw new CommandError(
      exitCodes.failed,
      `The endpoint cannot be reached: ${error.message}.`,
      'Is it running, and is that its address, with /v1?',
      { cause: error },
    );
  }
}

function examinationJson({ url, model }: { url: string; model: string }, examination: Examination): object {
  const { subject, findings, spent, left } = examination;
  return {
    endpoint: url,
    model,
    subject,
    cases: findings.map(({ case: { id, area, title, loss = null }, verdict, detail, wants, milliseconds }) => ({
      id,
      area,
      title,
      verdict,
      detail,
      wants: wants?.id ?? null,
      loss: verdict === 'holds' ? null : loss,
      milliseconds,
    })),
    uses: usesOf(findings),
    spent,
    left,
  };
}
