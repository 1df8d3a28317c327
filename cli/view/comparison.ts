/** A comparison on a screen, as lines for logs, and as tables when it is over. */
import colors from 'picocolors';
import type { Block, Comparison, Entry } from '../../contracts/comparison/comparison.ts';
import type { CellNote } from '../../contracts/comparison/comparison-messages.ts';
import type { ComparisonSnapshot } from '../compare/comparison-snapshot.ts';
import { terminalLine } from '../terminal-text.ts';
import { cut } from './live.ts';
import type { Screen } from './live.ts';
import { tableOf } from './table.ts';
import { bar, budgetOf, duration, score, stageWords, stepOf } from './words.ts';

/** The lines of one frame, cut to the screen. */
export function comparisonFrame(snapshot: ComparisonSnapshot, { columns, rows }: Screen): string {
  const { comparison } = snapshot;
  const { counts, cells, trouble } = comparison;
  const left = secondsLeft(snapshot);
  const progress = [
    `cells ${colors.cyan(bar(counts.completed, cells, 24))} ${counts.completed} of ${cells}`,
    callsWords(snapshot),
    ...(left === null ? [] : [`about ${duration(left)} left`]),
  ].join(' · ');
  const top = [
    colors.bold(cut(terminalLine(comparison.name), columns)),
    cut([comparison.status, ...countWords(snapshot)].join(' · '), columns),
    progress,
    '',
    ...openLines(snapshot).map((line) => cut(line, columns)),
  ];
  const bottom = [colors.dim('Ctrl+C leaves the comparison going on')];
  const room = Math.max(0, rows - 2 - top.length - bottom.length);
  const notes = trouble.slice(0, room).map((note) => colors.yellow(cut(noteText(note), columns)));
  return [...top, ...notes, ...bottom].slice(0, Math.max(1, rows - 1)).join('\n');
}

/** A line whenever a cell has ended or is in trouble. */
export function comparisonLines(before: ComparisonSnapshot | undefined, now: ComparisonSnapshot): readonly string[] {
  const known = new Set((before?.comparison.trouble ?? []).map(noteText));
  const notes = now.comparison.trouble.map(noteText).filter((note) => !known.has(note));
  if (before !== undefined && standWords(before) === standWords(now)) return notes;
  const left = secondsLeft(now);
  const line = [standWords(now), callsWords(now), ...(left === null ? [] : [`about ${duration(left)} left`])].join(
    ' · ',
  );
  return [line, ...notes];
}

function standWords(snapshot: ComparisonSnapshot): string {
  const { status, counts, cells } = snapshot.comparison;
  return [status, `${counts.completed} of ${cells} cells`, ...countWords(snapshot)].join(' · ');
}

function countWords({ comparison: { counts } }: ComparisonSnapshot): readonly string[] {
  const { running, blocked, failed, stopped, 'left-out': leftOut } = counts;
  const parts = { running, blocked, failed, stopped, 'left out': leftOut };
  return Object.entries(parts).flatMap(([word, count]) => (count === 0 ? [] : [`${count} ${word}`]));
}

function callsWords({ comparison, cells }: ComparisonSnapshot): string {
  const open = cells.reduce((sum, cell) => sum + (budgetOf(cell)?.charged ?? 0), 0);
  return `${comparison.charged + open} of ${comparison.limit} calls charged`;
}

function openLines({ comparison, cells }: ComparisonSnapshot): readonly string[] {
  return comparison.open.map(({ run }) => {
    // All names start with the comparison's, which is printed above.
    const name = terminalLine(run.slice(comparison.name.length + 1));
    const cell = cells.find((one) => one.run.run === run);
    if (cell === undefined) return name;
    const budget = budgetOf(cell);
    const calls = budget === null ? '' : `${budget.charged} of ${budget.limit} calls`;
    return [name, stageWords(cell.run), stepOf(cell), calls].filter(Boolean).join(' · ');
  });
}

function noteText({ run, status, reason }: CellNote): string {
  return terminalLine(`${status}: ${run}${reason === null ? '' : `: ${reason}`}`);
}

/** From the mean of the cells so far; a cell that runs counts half. */
function secondsLeft({ comparison }: ComparisonSnapshot): number | null {
  const { counts, window, secondsPerCell } = comparison;
  const cells = counts.waiting + counts.running / 2;
  return secondsPerCell === null || comparison.status !== 'running' || cells === 0
    ? null
    : (cells * secondsPerCell) / window;
}

/** The tables of a comparison that is over. */
export function comparisonText(comparison: Comparison): string {
  const { name, status, cells, calls, simulated, baseline } = comparison;
  const done = cells.filter((cell) => cell.status === 'completed').length;
  return [
    `${name}: ${status}; ${done} of ${cells.length} cells; ${calls.charged} of ${calls.limit} calls charged`,
    ...comparison.blocks.flatMap((block) => ['', ...blockText(block, comparison)]),
    '',
    `Test macro and deviation over seeds / micro. * better, † worse than ${baseline} (paired bootstrap, p < 0.05 after Holm).`,
    ...(simulated.length === 0 ? [] : [`With: ${simulated.join(', ')}. This compares methods, not students.`]),
    ...notDone(comparison),
  ].join('\n');
}

function blockText({ student, budget, rows, columns }: Block, { dataSets }: Comparison): readonly string[] {
  const several = dataSets.length > 1;
  const slots = columns.map((column) => (column.slots === null ? '-' : `${column.slots} slots`));
  const chance = dataSets.map(({ majority }) => `${score(majority?.macro)} / ${score(majority?.micro)}`);
  const head = ['method', ...dataSets.map(({ name }) => name), ...(several ? ['mean'] : [])];
  const lines = rows.map(({ label, entries, mean, best }) => [
    label,
    ...entries.map(entryText),
    ...(several ? [strong(score(mean), best)] : []),
  ]);
  const empty = several ? [''] : [];
  return [
    `student ${student}, budget ${budget}`,
    tableOf(head, [['', ...slots, ...empty], ['majority answer', ...chance, ...empty], ...lines]),
  ];
}

function entryText({ macro, micro, best, difference, seeds, of }: Entry): string {
  if (macro === null) return '-';
  const spread = macro.deviation === null ? '' : ` ± ${score(macro.deviation)}`;
  const mark = difference?.verdict === 'better' ? '*' : difference?.verdict === 'worse' ? '†' : '';
  const short = seeds < of ? ` (${seeds} of ${of} seeds)` : '';
  return `${strong(score(macro.mean), best)}${spread}${mark} / ${score(micro?.mean)}${short}`;
}

function strong(text: string, best: boolean): string {
  return best ? `[${text}]` : text;
}

function notDone({ cells }: Comparison): readonly string[] {
  const without = cells.filter(({ macro }) => macro === null);
  const shown = without.slice(0, 10).map(({ run, status, reason }) => `  ${noteText({ run, status, reason })}`);
  if (without.length === 0) return [];
  const more = without.length > shown.length ? [`  and ${without.length - shown.length} more`] : [];
  return ['', 'Without scores:', ...shown, ...more];
}
