/** Commands about the ledger: show what a run was charged, adopt the ledger that is there for a run. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { LedgerSummary } from '../../activities/ports/ledger.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { unknownRun, withLedger } from '../memory.ts';
import { terminalLine } from '../terminal-text.ts';
import type { Terminal } from '../terminal.ts';
import { tableOf } from '../view/table.ts';
import { adoptLedger } from '../adopt.ts';
import { Json } from './options.ts';

export function ledgerCommand(program: Command, terminal: Terminal): void {
  const ledger = program.command('ledger').description('the budget and every paid call');
  showCommand(ledger, terminal);
  adoptCommand(ledger, terminal);
}

function showCommand(ledgerCommands: Command, terminal: Terminal): void {
  ledgerCommands
    .command('show')
    .argument('<run>')
    .description('what a run was charged, and for what')
    .option('--json')
    .action(async (run: string, given: unknown) => {
      const summary = await withLedger(terminal.home, async (ledger) =>
        (await ledger.run(run)) === undefined ? undefined : await ledger.summary(run),
      );
      if (summary === undefined) throw unknownRun(run);
      if (Json.parse(given).json) terminal.printJson(summary);
      else terminal.print(summaryText(summary));
    });
}

function adoptCommand(ledgerCommands: Command, terminal: Terminal): void {
  const Options = z.looseObject({ charged: z.coerce.number().int().nonnegative() });
  ledgerCommands
    .command('adopt')
    .argument('<run>')
    .description('go on with the ledger that is there, for a run that was charged to another one or to a later state')
    .requiredOption('--charged <n>', 'calls the run was charged at least, for all you know; they stay charged')
    .option('--json')
    .action(async (run: string, given: unknown) => {
      const options = Options.safeParse(given);
      if (!options.success) throw new CommandError(exitCodes.usage, '--charged has to be a whole number.');
      const message = await adoptLedger(terminal, run, options.data.charged);
      if (Json.parse(given).json) terminal.printJson({ run, message });
      else terminal.print(message);
    });
}

function summaryText({ run, budget, calls, tokens, unusable, stages, domains }: LedgerSummary): string {
  const counts = Object.entries(calls).map(([state, count]) => [state, String(count)]);
  const flaws = Object.entries(unusable).map(([reason, count]) => [terminalLine(reason), String(count)]);
  return [
    `${run}: ${budget.charged} of ${budget.limit} calls charged, for ${budget.slots} slots`,
    tableOf(['calls', 'count'], counts),
    `tokens: ${tokens.input} in, ${tokens.output} out`,
    ...(flaws.length > 0 ? [tableOf(['paid but not used as asked', 'count'], flaws)] : []),
    tableOf(
      ['stage', 'charged', 'forfeited'],
      stages.map(({ stage, charged, forfeited }) => [stage, charged, forfeited].map(String)),
    ),
    tableOf(
      ['domain', 'charged'],
      domains.map(({ domain, charged }) => [terminalLine(domain), String(charged)]),
    ),
  ].join('\n');
}
