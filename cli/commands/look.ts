/** Commands that only look, at the ledger and the run's folder: ls, report, ledger show. They start nothing. */
import { existsSync, readFileSync } from 'node:fs';
import Table from 'cli-table3';
import type { Command } from 'commander';
import type { LedgerSummary } from '../../activities/ports/ledger.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { resultOf, unknownRun, withLedger } from '../memory.ts';
import { liveStatuses } from '../live-statuses.ts';
import { readReport, reportPaths } from '../report-files.ts';
import { terminalLine } from '../terminal-text.ts';
import type { Terminal } from '../terminal.ts';
import { score } from '../view/words.ts';
import { Json } from './options.ts';

export function lsCommand(program: Command, terminal: Terminal): void {
  program
    .command('ls')
    .description('list the runs, the latest first')
    .option('--json')
    .action(async (given: unknown) => {
      const runs = (await withLedger(terminal.home, (ledger) => ledger.runs())) ?? [];
      const ended = ['completed', 'stopped'];
      const live = runs.every(({ status }) => ended.includes(status))
        ? new Map<string, string>()
        : await liveStatuses(terminal.home);
      const lines = runs
        .map((record) => ({ ...record, status: live.get(record.name) ?? record.status, result: resultOf(record) }))
        .toSorted((a, b) => b.openedAt.localeCompare(a.openedAt));
      if (Json.parse(given).json) {
        terminal.printJson(
          lines.map(({ name, status, limit, charged, openedAt, spec, result }) => ({
            name,
            status,
            method: spec.method,
            charged,
            limit,
            openedAt,
            macro: result?.macro ?? null,
            micro: result?.micro ?? null,
          })),
        );
        return;
      }
      if (lines.length === 0) return terminal.print('No runs yet. Start one with `baldistill demo`.');
      const rows = lines.map(({ name, status, charged, limit, openedAt, result }) => [
        terminalLine(name),
        status,
        `${charged} of ${limit}`,
        score(result?.macro),
        score(result?.micro),
        openedAt.slice(0, 16).replace('T', ' '),
      ]);
      terminal.print(tableOf(['run', 'status', 'calls charged', 'macro', 'micro', 'started'], rows));
    });
}

export function reportCommand(program: Command, terminal: Terminal): void {
  program
    .command('report')
    .argument('<run>')
    .description('print the report of a run and where it lies')
    .option('--json', 'the JSON report')
    .action((run: string, given: unknown) => {
      const { markdown, json } = reportPaths(terminal.home, run);
      if (!existsSync(markdown)) {
        const remedy = `A report is written when the run ends. \`baldistill status ${run}\` says how far it is.`;
        throw new CommandError(exitCodes.usage, `There is no report of "${run}" in ${markdown}.`, remedy);
      }
      if (Json.parse(given).json) return terminal.printJson(readReport(terminal.home, run) ?? { path: json });
      terminal.note(markdown);
      terminal.print(readFileSync(markdown, 'utf8').trimEnd());
    });
}

export function ledgerCommand(program: Command, terminal: Terminal): void {
  program
    .command('ledger')
    .description('the budget and every paid call')
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

export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, index) => (index === 0 ? 'left' : 'right')),
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
