/** Shows a comparison until it ends, is blocked, or the person leaves; then its table. */
import type { Comparison } from '../../contracts/comparison/comparison.ts';
import { ComparisonResult } from '../../contracts/comparison/comparison-messages.ts';
import type { ComparisonProgress } from '../../contracts/comparison/comparison-messages.ts';
import { stay } from '../follow/attach.ts';
import { comparisonPaths, missingReportReason, readComparisonReport } from './comparison-files.ts';
import type { Engine } from '../engine.ts';
import { exitCodes } from '../exit.ts';
import type { ExitCode } from '../exit.ts';
import { lookAtComparison } from './comparison-snapshot.ts';
import type { ComparisonSnapshot } from './comparison-snapshot.ts';
import type { EndingOf, Followed } from '../follow/follow.ts';
import { tellUnfinished } from '../follow/unfinished-notice.ts';
import type { Terminal } from '../terminal.ts';
import { comparisonFrame, comparisonLines, comparisonText } from '../view/comparison.ts';

type Blocking = NonNullable<ComparisonProgress['blocked']>;

export async function attachComparison(
  terminal: Terminal,
  engine: Engine,
  name: string,
  json: boolean,
): Promise<ExitCode> {
  const followed: Followed<ComparisonSnapshot, ComparisonResult, Blocking> = {
    id: name,
    look: async (client) => await lookAtComparison(client, name),
    blockedBy: ({ comparison }) => (comparison.status === 'blocked' ? comparison.blocked : null),
    result: ComparisonResult,
  };
  const drawing = { frame: comparisonFrame, lines: comparisonLines };
  const ending = await stay(terminal, engine, followed, drawing, json);
  if (ending !== undefined) return tellComparison(terminal, name, ending, json);
  terminal.note(`The comparison "${name}" goes on. Come back with: baldistill watch ${name}`);
  return exitCodes.detached;
}

/** Says how a comparison ended, with its table. */
function tellComparison(
  terminal: Terminal,
  name: string,
  ending: EndingOf<ComparisonResult, Blocking>,
  json: boolean,
): ExitCode {
  if (json) terminal.printJson({ type: ending.kind, comparison: name, ...ending });
  if (ending.kind === 'result') return tellTable(terminal, name, json);
  const unfinished = {
    what: `The comparison "${name}"`,
    name,
    folder: comparisonPaths(terminal.home, name).folder,
    again: 'Start it again with the same command once that is fixed; completed cells are kept.',
  };
  return tellUnfinished(terminal, unfinished, ending);
}

/** The table of a comparison that is over, and its exit code. */
export function tellTable(terminal: Terminal, name: string, json: boolean): ExitCode {
  const comparison = readComparisonReport(terminal.home, name);
  if (comparison === undefined) {
    const reason = missingReportReason(terminal.home, name);
    terminal.note(`The comparison "${name}" is over, but its tables cannot be shown: ${reason}.`);
    terminal.note('Its `compare` command writes them again; cells that are done stay done.');
    return exitCodes.failed;
  }
  const failed = comparison.cells.some(({ status }) => status === 'failed');
  if (!json) terminal.print(comparisonText(comparison));
  if (!json) terminal.print(pathsText(terminal.home, comparison));
  if (failed) terminal.note('Some cells failed. The same command starts these again, and no others.');
  return failed ? exitCodes.failed : exitCodes.done;
}

function pathsText(home: string, { name }: Comparison): string {
  const { page, markdown, json, csv } = comparisonPaths(home, name);
  return ['', `  report  ${page}`, `          ${markdown}`, `  data    ${json}`, `          ${csv}`].join('\n');
}
