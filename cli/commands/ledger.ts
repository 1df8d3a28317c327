/** Commands about the ledger: show what a run was charged, adopt the ledger that is there for a run. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { LedgerSummary, SpentPart } from '../../activities/ports/ledger.ts';
import { microUsdOf, usdText } from '../../domain/cost.ts';
import { budgetWords } from '../../workflows/details.ts';
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
  const Options = z.looseObject({
    charged: z.coerce.number().int().nonnegative(),
    tokens: z.coerce.number().int().nonnegative().default(0),
    usd: z.coerce.number().nonnegative().default(0),
  });
  ledgerCommands
    .command('adopt')
    .argument('<run>')
    .description('go on with the ledger that is there, for a run that was charged to another one or to a later state')
    .requiredOption('--charged <n>', 'calls the run was charged at least, for all you know; they stay charged')
    .option('--tokens <n>', 'tokens it was charged at least')
    .option('--usd <x>', 'money it was charged at least')
    .option('--json')
    .action(async (run: string, given: unknown) => {
      const options = Options.safeParse(given);
      if (!options.success) throw new CommandError(exitCodes.usage, '--charged and --tokens have to be whole numbers.');
      const { charged: calls, tokens, usd } = options.data;
      const message = await adoptLedger(terminal, run, { calls, tokens, microUsd: microUsdOf(usd) });
      if (Json.parse(given).json) terminal.printJson({ run, message });
      else terminal.print(message);
    });
}

function summaryText(summary: LedgerSummary): string {
  const { run, budget, calls, duplicates, tokens, money, unusable, stages, domains, student } = summary;
  const counts = Object.entries({ ...calls, duplicates }).map(([state, count]) => [state, String(count)]);
  const flaws = Object.entries(unusable).map(([reason, count]) => [terminalLine(reason), String(count)]);
  const head = ['charged', 'settled', 'cached', 'forfeited', 'recovered', 'open', 'tokens', 'USD'];
  const unknown = money.unpriced === 0 ? '' : `; ${money.unpriced} answers have no known price`;
  return [
    `${run}: ${budgetWords(budget)} charged, for ${budget.slots} slots`,
    tableOf(['calls', 'count'], counts),
    `tokens: ${tokens.input} in (${tokens.cachedInput} cached), ${tokens.output} out; ${tokens.worst} charged before sending`,
    `money: ${usdText(money.teacherMicroUsd)} USD teacher, ${usdText(money.studentMicroUsd)} USD student; ${usdText(money.worstMicroUsd)} USD charged before sending${unknown}`,
    ...(flaws.length > 0 ? [tableOf(['paid but not used as asked', 'count'], flaws)] : []),
    tableOf(
      ['stage', ...head],
      stages.map(({ stage, ...part }) => [stage < 0 ? '(adopted)' : String(stage), ...cells(part)]),
    ),
    tableOf(
      ['domain', ...head],
      domains.map(({ domain, ...part }) => [terminalLine(domain), ...cells(part)]),
    ),
    ...(student.length === 0 ? [] : [studentTable(student)]),
  ].join('\n');
}

function studentTable(student: LedgerSummary['student']): string {
  return tableOf(
    ['student', 'entries', 'forfeited', 'tokens in', 'tokens out', 'USD'],
    student.map(({ kind, count, forfeited, inputTokens, outputTokens, microUsd }) => [
      kind,
      ...[count, forfeited, inputTokens, outputTokens].map(String),
      usdText(microUsd),
    ]),
  );
}

function cells({ charged, settled, cached, forfeited, recovered, open, tokens, microUsd }: SpentPart): string[] {
  return [...[charged, settled, cached, forfeited, recovered, open, tokens].map(String), usdText(microUsd)];
}
