/** Commands that only look, at the ledger and the run's folder: ls, report. They start nothing. */
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { comparisonPaths, isComparison, readComparisonReport } from '../compare/comparison-files.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { goesOn } from '../follow/current-snapshot.ts';
import { recordOf, resultOf, unknownRun, withLedger } from '../runs/stored-runs.ts';
import { liveStatuses, rememberedStatus } from '../follow/live-statuses.ts';
import { readReport, reportPaths } from '../runs/report-files.ts';
import { terminalLine } from '../terminal-text.ts';
import type { Terminal } from '../terminal.ts';
import { tableOf } from '../view/table.ts';
import { score } from '../view/words.ts';
import { Json, runArgument } from './options.ts';

export function lsCommand(program: Command, terminal: Terminal): void {
  program
    .command('ls')
    .description('list the runs, the latest first')
    .option('--json')
    .action(async (given: unknown) => {
      const runs = (await withLedger(terminal.home, (ledger) => ledger.runs())) ?? [];
      const live = runs.every(({ status }) => status === 'completed' || status === 'stopped')
        ? new Map<string, string>()
        : await liveStatuses(terminal.home);
      const lines = runs
        .map((record) => ({
          ...record,
          status: live.get(record.name) ?? rememberedStatus(record),
          result: resultOf(record),
        }))
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
    .addArgument(runArgument())
    .description('print the report of a run and its path')
    .option('--json', 'the JSON report')
    .action(async (run: string, given: unknown) => {
      if (isComparison(terminal.home, run)) return printComparison(terminal, run, Json.parse(given).json);
      const { page, markdown, json } = reportPaths(terminal.home, run);
      if (!existsSync(markdown)) {
        if ((await recordOf(terminal.home, run)) === undefined && !(await goesOn(terminal.home, run)))
          throw unknownRun(run);
        const remedy = `A report is written when the run ends. \`baldistill status ${run}\` says how far it is.`;
        throw new CommandError(exitCodes.usage, `There is no report of "${run}" in ${markdown}.`, remedy);
      }
      if (Json.parse(given).json) return terminal.printJson(readReport(terminal.home, run) ?? { path: json });
      terminal.note(existsSync(page) ? page : markdown);
      terminal.print(readFileSync(markdown, 'utf8').trimEnd());
    });
}

function printComparison(terminal: Terminal, name: string, json: boolean): void {
  const report = readComparisonReport(terminal.home, name);
  if (report === undefined) {
    const remedy = `It is written when the comparison ends. \`baldistill status ${name}\` says how far it is.`;
    throw new CommandError(exitCodes.usage, `There is no report of "${name}" yet.`, remedy);
  }
  if (json) return terminal.printJson(report);
  const { markdown } = comparisonPaths(terminal.home, name);
  terminal.note(markdown);
  terminal.print(readFileSync(markdown, 'utf8').trimEnd());
}
