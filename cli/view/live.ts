/** The view of a run for a terminal: drawn again and again, never higher than the screen. */
import { secondsLeft } from '../../domain/flow/seconds-left.ts';
import colors from 'picocolors';
import type { DomainProgress, StageLine } from '../../contracts/progress.ts';
import { batchWords } from '../../workflows/details.ts';
import type { Snapshot } from '../follow/follow.ts';
import { terminalLine } from '../terminal-text.ts';
import { flowOf, flowWords, rateOf } from './flow.ts';
import { amountWords, bar, budgetOf, duration, score, stageWords, stepOf } from './words.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

/** The lines of one frame, cut to the screen. */
export function liveFrame(snapshot: Snapshot, { columns, rows }: Screen): string {
  const { run, stage } = snapshot;
  const top = [
    colors.bold(cut(terminalLine(run.run), columns)),
    cut([run.status, stageWords(run), stepOf(snapshot)].filter(Boolean).join(' · '), columns),
    ...budgetLines(snapshot, columns),
    ...finishedLines(run.finished),
  ];
  const bottom = [
    ...(run.simulated.length > 0 ? [colors.dim(cut(`with: ${run.simulated.join(', ')}`, columns))] : []),
    colors.dim('Ctrl+C leaves the run going on'),
  ];
  const room = rows - 1 - top.length - bottom.length;
  return [...top, ...domainLines(stage?.domains ?? [], room, columns), ...bottom]
    .slice(0, Math.max(1, rows - 1))
    .join('\n');
}

function budgetLines(snapshot: Snapshot, columns: number): readonly string[] {
  const { stage } = snapshot;
  const budget = budgetOf(snapshot);
  const lines: string[] = [];
  if (budget !== null) {
    const rate = rateOf(snapshot);
    const left = secondsLeft(rate, budget);
    lines.push(
      [
        `budget ${colors.cyan(bar(budget.charged, budget.limit, 24))} ${budget.charged} of ${budget.limit} calls charged`,
        ...amountWords(budget),
        ...(rate === null ? [] : [`${rate.toFixed(1)} calls/s`]),
        ...(left === null ? [] : [`about ${duration(left)} of calls left`]),
        ...(budget.forfeited > 0 ? [colors.yellow(`${budget.forfeited} forfeited`)] : []),
      ].join(' · '),
    );
  }
  if (stage !== null && stage.step === 'generate' && stage.planned > 0) {
    const round = stage.round > 0 ? ` of round ${stage.round + 1}` : '';
    lines.push(`calls  ${bar(stage.done, stage.planned, 24)} ${stage.done} of ${stage.planned}${round}`);
    if (stage.batch !== undefined) lines.push(`       ${batchWords(stage.batch)}`);
  }
  const flow = flowOf(snapshot);
  if (flow !== null) lines.push(cut(`flow   ${flowWords(flow).join(' · ')}`, columns));
  return lines;
}

function finishedLines(finished: readonly StageLine[]): readonly string[] {
  if (finished.length === 0) return [];
  const head = ['stage', 'real', 'synthetic', 'duplicated', 'unfilled', 'macro', 'micro', 'seconds'];
  const rows = finished.map((line) => [
    String(line.stage),
    ...[line.real, line.synthetic, line.duplicated, line.unfilled].map(String),
    score(line.macro),
    score(line.micro),
    line.seconds.toFixed(1),
  ]);
  return ['', ...columnsOf([head, ...rows])];
}

function domainLines(domains: readonly DomainProgress[], room: number, columns: number): readonly string[] {
  // Head, one domain and the blank line, or nothing.
  if (domains.length === 0 || room < 3) return [];
  const fits = Math.min(domains.length, domains.length <= room - 2 ? room - 2 : room - 3);
  const largest = domains.toSorted((a, b) => b.quota - a.quota || a.domain.localeCompare(b.domain)).slice(0, fits);
  const rows = largest.map(({ domain, quota, real, synthetic }) => [
    cut(terminalLine(domain), Math.max(8, columns - 30)),
    ...[quota, real, synthetic].map(String),
  ]);
  const more = domains.length - fits;
  const rest = more > 0 ? [colors.dim(`and ${more} more`)] : [];
  return ['', ...columnsOf([['domain', 'quota', 'real', 'synthetic'], ...rows]), ...rest];
}

/** Columns as wide as they need to be: the first to the left, numbers to the right. */
function columnsOf(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => (row[index] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  '),
  );
}

export function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text;
}
