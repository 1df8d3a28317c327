/** Commands about the ledger: show what a run was charged, verify it, judge its answers again, adopt it for a run. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Ledger, RunRecord } from '../../activities/ports/ledger.ts';
import { reparse } from '../../activities/outputs/reparse.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { microUsdOf } from '../../domain/budget/cost.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { unknownRun, withLedger } from '../runs/stored-runs.ts';
import type { Terminal } from '../terminal.ts';
import { entriesText, reparsedText, summaryText, verificationText } from '../view/ledger.ts';
import { verifyRun } from '../verify/verify-run.ts';
import { lookAt } from '../follow/current-snapshot.ts';
import { adoptLedger } from '../runs/adopt-ledger.ts';
import type { Finish } from './finish.ts';
import { Json, runArgument } from './options.ts';

/** Sums of what is adopted and of all that a run is charged later stay numbers that JavaScript reads exactly. */
const mostAdopted = 1_000_000_000_000;

const Show = z.looseObject({ calls: z.boolean().default(false), json: z.boolean().default(false) });

export function ledgerCommand(program: Command, terminal: Terminal, finish: Finish): void {
  const ledger = program.command('ledger').description('the budget and every paid call');
  showCommand(ledger, terminal);
  verifyCommand(ledger, terminal, finish);
  reparseCommand(ledger, terminal);
  adoptCommand(ledger, terminal);
}

function showCommand(ledgerCommands: Command, terminal: Terminal): void {
  ledgerCommands
    .command('show')
    .addArgument(runArgument())
    .description('print what a run was charged')
    .option('--calls', 'every entry instead of the sums')
    .option('--json')
    .action(async (run: string, given: unknown) => {
      const { calls, json } = Show.parse(given);
      if (calls) {
        const entries = await ofRun(terminal, run, (ledger) => ledger.entries({ run }));
        if (json) terminal.printJson(entries);
        else terminal.print(entriesText(entries));
        return;
      }
      const summary = await ofRun(terminal, run, (ledger) => ledger.summary({ run }));
      if (json) terminal.printJson(summary);
      else terminal.print(summaryText(summary));
    });
}

function verifyCommand(ledgerCommands: Command, terminal: Terminal, finish: Finish): void {
  ledgerCommands
    .command('verify')
    .addArgument(runArgument())
    .description('compare ledger, artifacts, workflow and endpoint; exit code 1 for a difference')
    .option('--json')
    .action(async (run: string, given: unknown) => {
      const { home } = terminal;
      const snapshot = await lookAt(home, run);
      const verification = await ofRun(terminal, run, (ledger, record) =>
        verifyRun(ledger, { home, record, snapshot }),
      );
      if (Json.parse(given).json) terminal.printJson(verification);
      else terminal.print(verificationText(verification));
      finish(verification.differs ? exitCodes.failed : exitCodes.done);
    });
}

function reparseCommand(ledgerCommands: Command, terminal: Terminal): void {
  ledgerCommands
    .command('reparse')
    .addArgument(runArgument())
    .description('parse the paid answers of a run again with the current parser; free')
    .option('--json')
    .action(async (run: string, given: unknown) => {
      const artifacts = createFileArtifacts(join(terminal.home, 'artifacts'));
      const stages = await ofRun(terminal, run, (ledger) => reparse({ artifacts, ledger }, run));
      if (Json.parse(given).json) terminal.printJson({ run, stages });
      else terminal.print(reparsedText(run, stages));
    });
}

/** Works with the ledger of a run it knows. */
async function ofRun<T>(
  terminal: Terminal,
  run: string,
  work: (ledger: Ledger, record: RunRecord) => Promise<T>,
): Promise<T> {
  const known = await withLedger(terminal.home, async (ledger) => {
    const record = await ledger.run({ run });
    return record === undefined ? undefined : { result: await work(ledger, record) };
  });
  if (known === undefined) throw unknownRun(run);
  return known.result;
}

function adoptCommand(ledgerCommands: Command, terminal: Terminal): void {
  const Options = z.looseObject({
    charged: z.coerce.number().int().nonnegative().max(mostAdopted),
    tokens: z.coerce.number().int().nonnegative().max(mostAdopted).default(0),
    usd: z.coerce.number().nonnegative().max(10_000_000).default(0),
  });
  ledgerCommands
    .command('adopt')
    .addArgument(runArgument())
    .description('accept the present ledger for a run that was charged to another ledger, or to a later state of it')
    .requiredOption('--charged <n>', 'the least number of calls the run was charged; they stay charged')
    .option('--tokens <n>', 'tokens it was charged at least')
    .option('--usd <x>', 'money it was charged at least')
    .option('--json')
    .action(async (run: string, given: unknown) => {
      const options = Options.safeParse(given);
      if (!options.success) {
        const expected = `--charged and --tokens take whole numbers of at most ${mostAdopted}, --usd at most 10000000.`;
        throw new CommandError(exitCodes.usage, expected);
      }
      const { charged: calls, tokens, usd } = options.data;
      const message = await adoptLedger(terminal, run, { calls, tokens, microUsd: microUsdOf(usd) });
      if (Json.parse(given).json) terminal.printJson({ run, message });
      else terminal.print(message);
    });
}
