import { secondsLeft } from '../../domain/flow/seconds-left.ts';
import type { Command } from 'commander';
import type { RunRecord } from '../../activities/ports/ledger.ts';
import { termsText } from '../../contracts/flow/flow-terms.ts';
import { resultLines } from '../follow/attach.ts';
import { isComparison, readComparisonReport } from '../compare/comparison-files.ts';
import { lookAtComparison } from '../compare/comparison-snapshot.ts';
import { lookAt, lookWith } from '../follow/current-snapshot.ts';
import type { Snapshot } from '../follow/follow.ts';
import { metricsNow } from '../follow/current-flow.ts';
import { rememberedStatus } from '../follow/live-statuses.ts';
import { recordOf, resultOf, unknownRun, withLedger } from '../runs/stored-runs.ts';
import type { Terminal } from '../terminal.ts';
import { comparisonLines, comparisonText } from '../view/comparison.ts';
import { flowOf, flowWords, rateOf } from '../view/flow.ts';
import { plainLines } from '../view/plain.ts';
import { budgetOf, duration } from '../view/words.ts';
import { Json, runArgument } from './options.ts';

/** One look, which starts nothing: at the run where its engine is up, else at what the ledger remembers. */
export function statusCommand(program: Command, terminal: Terminal): void {
  program
    .command('status')
    .addArgument(runArgument())
    .description('print the state of a run')
    .option('--json', 'one JSON object')
    .action(async (run: string, given: unknown) => {
      const { json } = Json.parse(given);
      if (isComparison(terminal.home, run)) return await comparisonStatus(terminal, run, json);
      const record = await recordOf(terminal.home, run);
      const result = record === undefined ? undefined : resultOf(record);
      const over = record !== undefined && ['completed', 'stopped', 'failed'].includes(record.status);
      const snapshot = over ? undefined : await lookAt(terminal.home, run);
      if (record === undefined && snapshot === undefined) throw unknownRun(run);
      if (json) {
        const { charged = null, limit = null } = record ?? {};
        const status = snapshot?.run.status ?? (record === undefined ? null : rememberedStatus(record));
        terminal.printJson({ run, status, charged, limit, result, ...snapshot });
        return;
      }
      if (snapshot !== undefined) return terminal.print(snapshotText(terminal.home, snapshot));
      if (result !== undefined) return terminal.print(resultLines(terminal.home, result));
      if (record !== undefined) terminal.print(await rememberedText(terminal.home, record));
      if (!over)
        terminal.note(`Its services are not running; \`baldistill watch ${run}\` starts them, and it goes on.`);
    });
}

/** A run without a result whose engine is down. */
async function rememberedText(home: string, record: RunRecord): Promise<string> {
  const { name, spec, charged, limit } = record;
  const closed = (await withLedger(home, (ledger) => ledger.closedStages({ run: name })))?.length ?? 0;
  const stages = `${closed} of ${spec.stages} stages closed`;
  return `${name}: ${rememberedStatus(record)}; ${stages}, ${charged} of ${limit} calls charged`;
}

/** Of a comparison: its live progress while it runs, else its tables. */
async function comparisonStatus(terminal: Terminal, name: string, json: boolean): Promise<void> {
  const snapshot = await lookWith(terminal.home, async (client) => await lookAtComparison(client, name));
  const report = readComparisonReport(terminal.home, name);
  if (json) terminal.printJson(snapshot ?? report ?? { name, status: null });
  else if (snapshot !== undefined && ['running', 'paused', 'blocked'].includes(snapshot.comparison.status))
    terminal.print([name, ...comparisonLines(undefined, snapshot)].join('\n  '));
  else if (report !== undefined) terminal.print(comparisonText(report));
  else terminal.note(`Its services are not running; \`baldistill watch ${name}\` starts them, and it goes on.`);
}

function snapshotText(home: string, snapshot: Snapshot): string {
  const { blocked } = snapshot.run;
  const reason = blocked === null ? [] : [`blocked: ${blocked.message}`, blocked.remedy];
  const lines = [...plainLines(undefined, snapshot), ...flowLines(home, snapshot), ...reason];
  return [snapshot.run.run, ...lines].join('\n  ');
}

/** How fast it goes, how long it will take, and where the same is served as metrics. */
function flowLines(home: string, snapshot: Snapshot): readonly string[] {
  const flow = flowOf(snapshot);
  const [rate, { terms }] = [rateOf(snapshot), snapshot.run];
  const left = secondsLeft(rate, budgetOf(snapshot));
  const speed = rate === null ? [] : [`${rate.toFixed(1)} calls/s`];
  const time = left === null ? [] : [`about ${duration(left)} of calls left`];
  return [
    ...(flow === null ? [] : [[...speed, ...flowWords(flow), ...time].join(' · ')]),
    ...(terms === undefined ? [] : [`the teacher is asked with ${termsText(terms)}`]),
    ...metricsNow(home).map((address) => `metrics ${address}`),
  ];
}
