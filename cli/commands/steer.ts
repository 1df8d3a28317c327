/** Commands that say one thing to a run that is going on: pause, resume, skip, stop, budget. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import type { Command } from 'commander';
import { z } from 'zod';
import { openOwner } from '../../adapters/owner/owner.ts';
import { signCommand } from '../../adapters/owner/sign-command.ts';
import { BudgetRequest, ResumeRequest, UpdateAnswer } from '../../contracts/progress.ts';
import { pauseRun, resumeRun, setBudget, skipStep, stopAfterStage } from '../../workflows/messages.ts';
import { withEngineOf } from '../engine.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Terminal } from '../terminal.ts';
import { requirePublicAddress } from '../public-address.ts';
import { whereKnown } from './known-run.ts';
import { Json, runArgument } from './options.ts';

export function pauseCommand(program: Command, terminal: Terminal): void {
  program
    .command('pause')
    .addArgument(runArgument())
    .description('send no more calls until `resume`; calls in flight settle')
    .option('--json')
    .action((run: string, given: unknown) => send(terminal, run, given, (handle) => handle.executeUpdate(pauseRun)));
}

export function resumeCommand(program: Command, terminal: Terminal): void {
  const { studentModel, studentUrl } = ResumeRequest.shape;
  const Options = z.looseObject({ student: studentModel, endpoint: studentUrl });
  program
    .command('resume')
    .addArgument(runArgument())
    .description('continue after a pause, or retry the blocked step after its cause is fixed')
    .option('--student <model>', 'the student that you trained')
    .option('--endpoint <url>', 'address of that student')
    .option('--json')
    .action((run: string, given: unknown) => {
      const options = Options.safeParse(given);
      if (!options.success)
        throw new CommandError(exitCodes.usage, '--student takes the name of a model, --endpoint an http address.');
      const { student, endpoint } = options.data;
      requirePublicAddress(
        endpoint,
        'The key is in the environment variable that `student.apiKeyEnv` of the run file names.',
      );
      const request: ResumeRequest = {
        ...(student === undefined ? {} : { studentModel: student }),
        ...(endpoint === undefined ? {} : { studentUrl: endpoint }),
      };
      const owner = openOwner(terminal.home, null);
      const brings = Object.keys(request).length > 0;
      const command = brings ? signCommand(owner, { run, action: 'resume', content: request }) : {};
      return send(terminal, run, given, (handle) => handle.executeUpdate(resumeRun, { args: [command] }));
    });
}

export function skipCommand(program: Command, terminal: Terminal): void {
  program
    .command('skip')
    .addArgument(runArgument())
    .description('continue without the blocked step')
    .option('--json')
    .action((run: string, given: unknown) => send(terminal, run, given, (handle) => handle.executeUpdate(skipStep)));
}

export function stopCommand(program: Command, terminal: Terminal): void {
  const Options = z.looseObject({ now: z.boolean().default(false), kill: z.boolean().default(false) });
  program
    .command('stop')
    .addArgument(runArgument())
    .description('end a run after its present stage, with test and report')
    .option('--now', 'do not wait for the stage: end when the calls in flight have settled')
    .option('--kill', 'terminate a run that does not respond; its paid answers are kept')
    .option('--json')
    .action(async (run: string, given: unknown) => {
      const { now, kill } = Options.parse(given);
      if (!now && !kill) return await send(terminal, run, given, (handle) => handle.executeUpdate(stopAfterStage));
      await withEngineOf(terminal, run, ({ client }) =>
        whereKnown(run, async () => {
          if (kill) await terminate(client, run);
          else await client.workflow.getHandle(run).cancel();
          const message = kill
            ? `The run "${run}" was terminated. Its \`run\` command starts it again and uses all that was paid.`
            : `The run "${run}" is asked to end now; the calls in flight finish first.`;
          if (Json.parse(given).json) terminal.printJson({ message });
          else terminal.print(message);
        }),
      );
    });
}

/** Its stages too: a stage that cannot continue would not notice that its run is gone. */
async function terminate(client: Client, run: string): Promise<void> {
  const reason = 'baldistill stop --kill';
  await client.workflow.getHandle(run).terminate(reason);
  const query = `WorkflowId STARTS_WITH '${run}/stage-' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query }))
    await client.workflow.getHandle(workflowId).terminate(reason);
}

export function budgetCommand(program: Command, terminal: Terminal): void {
  const Options = z.looseObject({
    calls: z.coerce.number().int().positive().optional(),
    tokens: z.coerce.number().int().positive().optional(),
    usd: z.coerce.number().positive().optional(),
  });
  program
    .command('budget')
    .addArgument(runArgument())
    .description('change the limits of a run, never below what is charged')
    .option('--calls <n>', 'teacher calls')
    .option('--tokens <n>', 'tokens in and out of the teacher')
    .option('--usd <x>', 'money, for teacher and student')
    .option('--json')
    .action((run: string, given: unknown) => {
      const options = Options.safeParse(given);
      if (!options.success) {
        const expected = '--calls and --tokens have to be whole numbers of at least 1, --usd a number above 0.';
        throw new CommandError(exitCodes.usage, expected);
      }
      const { calls, tokens, usd } = options.data;
      const request: BudgetRequest = { calls, tokens, usd };
      if (!BudgetRequest.safeParse(request).success)
        throw new CommandError(exitCodes.usage, 'Say which limit: --calls, --tokens or --usd.');
      const command = signCommand(openOwner(terminal.home, null), { run, action: 'budget', content: request });
      return send(terminal, run, given, (handle) => handle.executeUpdate(setBudget, { args: [command] }));
    });
}

type Ask = (handle: WorkflowHandle) => Promise<UpdateAnswer>;

/** Says it, and what the run answers. */
export async function send(terminal: Terminal, run: string, given: unknown, ask: Ask): Promise<void> {
  const { json } = Json.parse(given);
  const answer = await withEngineOf(terminal, run, ({ client }) =>
    whereKnown(run, async () => {
      const handle = client.workflow.getHandle(run);
      try {
        return UpdateAnswer.parse(await client.withDeadline(Date.now() + 30_000, () => ask(handle)));
      } catch (error) {
        if (!(error instanceof WorkflowUpdateFailedError)) throw error;
        const reason = rootCause(error.cause) ?? error.message;
        throw new CommandError(exitCodes.failed, `The run "${run}" refused: ${reason}`, undefined, { cause: error });
      }
    }),
  );
  if (json) terminal.printJson({ run, ...answer });
  else terminal.print(answer.message);
}
