/** How fast a run asks its teacher: changed while it goes on. */
import type { Command } from 'commander';
import { z } from 'zod';
import { openOwner } from '../../adapters/owner/owner.ts';
import { signCommand } from '../../adapters/owner/sign-command.ts';
import { FlowRequest } from '../../contracts/flow/flow.ts';
import { setFlow } from '../../workflows/messages.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Terminal } from '../terminal.ts';
import { send } from './steer.ts';
import { runArgument } from './options.ts';

/** A number, or `none` for no limit. */
const Limit = z.union([z.literal('none').transform(() => null), z.coerce.number().positive()]).optional();
const Options = z.looseObject({
  concurrency: z.coerce.number().int().min(1).max(1024).optional(),
  rpm: Limit,
  tpm: Limit,
  inputTpm: Limit,
  outputTpm: Limit,
});

export function flowCommand(program: Command, terminal: Terminal): void {
  program
    .command('flow')
    .addArgument(runArgument())
    .description('change the rate of teacher calls; `none` removes a limit')
    .option('--concurrency <n>', 'most calls in flight')
    .option('--rpm <n>', 'requests a minute')
    .option('--tpm <n>', 'tokens a minute, in and out together')
    .option('--input-tpm <n>', 'tokens in a minute')
    .option('--output-tpm <n>', 'tokens out a minute')
    .option('--json')
    .action((run: string, given: unknown) => {
      const options = Options.safeParse(given);
      if (!options.success) {
        const expected = '--concurrency has to be a whole number of 1 to 1024, the others a number above 0 or `none`.';
        throw new CommandError(exitCodes.usage, expected);
      }
      const { concurrency, rpm, tpm, inputTpm, outputTpm } = options.data;
      const request: FlowRequest = {
        concurrency,
        requestsPerMinute: rpm,
        tokensPerMinute: tpm,
        inputTokensPerMinute: inputTpm,
        outputTokensPerMinute: outputTpm,
      };
      if (!FlowRequest.safeParse(request).success)
        throw new CommandError(exitCodes.usage, 'Say what: --concurrency, --rpm, --tpm, --input-tpm or --output-tpm.');
      const command = signCommand(openOwner(terminal.home, null), { run, action: 'flow', content: request });
      return send(terminal, run, given, (handle) => handle.executeUpdate(setFlow, { args: [command] }));
    });
}
