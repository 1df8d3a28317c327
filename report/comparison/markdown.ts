/** The Markdown report of a comparison: the paper's table first, then the details. */
import type { Block, Comparison, ComparisonCell, Entry, Spread } from '../../contracts/comparison/comparison.ts';
import { cell, share, table } from '../markdown-table.ts';
import { curveFigures } from './curve-figures.ts';
import type { CurveFigure } from './curve-figures.ts';
import { distinct } from './groups.ts';

export function comparisonMarkdown(comparison: Comparison): string {
  const parts = [
    heading(comparison),
    ...comparison.blocks.map((block) => blockText(block, comparison)),
    curvesText(curveFigures(comparison.curves)),
    missing(comparison.cells),
    settings(comparison),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading({ name, status, cells, calls, baseline, simulated, dataSets }: Comparison): string {
  const done = cells.filter((one) => one.status === 'completed').length;
  const metrics = distinct(dataSets.map(({ metric }) => metric)).join(' or ');
  const lines = [
    `# ${cell(name)}`,
    '',
    `**${status}**: ${done} of ${cells.length} cells; ${calls.charged} of ${calls.limit} teacher calls charged.`,
    '',
    `Macro ${metrics} on test, mean ± standard deviation over seeds, then micro after the slash. Bold: best of its column. ` +
      `\\* better, † worse than ${cell(baseline)}: p < 0.05 by a paired bootstrap over test rows and seeds, Holm-corrected over methods.`,
  ];
  if (simulated.length > 0)
    lines.push('', `> Not real models: ${simulated.map(cell).join(', ')}. These scores compare methods, not students.`);
  return lines.join('\n');
}

function blockText(block: Block, { dataSets, baseline }: Comparison): string {
  const several = dataSets.length > 1;
  const head = ['method', ...dataSets.map(({ name }) => cell(name)), ...(several ? ['mean'] : [])];
  const majority = dataSets.map(({ majority: one }) =>
    one === null ? '–' : `${share(one.macro)} / ${share(one.micro)}`,
  );
  const slots = block.columns.map((column) => (column.slots === null ? '–' : String(column.slots)));
  const rows = block.rows.map(({ label, entries, mean, best }) => [
    cell(label),
    ...entries.map(entryText),
    ...(several ? [mean === null ? '–' : bold(share(mean), best)] : []),
  ]);
  const empty = several ? ['–'] : [];
  const withoutSignal = block.columns.filter(({ signal }) => signal === false).map(({ data }) => cell(data));
  return [
    `## Student ${cell(block.student)}, budget ${cell(block.budget)}`,
    '',
    table(head, [['slots', ...slots, ...(several ? [''] : [])], ['majority answer', ...majority, ...empty], ...rows]),
    ...(withoutSignal.length > 0
      ? [
          '',
          `No signal (no method beats the majority answer by two standard errors), not in the mean: ${withoutSignal.join(', ')}.`,
        ]
      : []),
    ...differenceLines(block, baseline),
  ].join('\n');
}

function entryText({ macro, micro, best, difference, seeds, of }: Entry): string {
  if (macro === null) return '–';
  const mark = difference?.verdict === 'better' ? '\\*' : difference?.verdict === 'worse' ? '†' : '';
  const missingSeeds = seeds < of ? ` (${seeds} of ${of} seeds)` : '';
  return `${bold(spread(macro), best)}${mark} / ${micro === null ? '–' : share(micro.mean)}${missingSeeds}`;
}

function differenceLines({ rows }: Block, baseline: string): string[] {
  const lines = rows.flatMap(({ label, entries }) =>
    entries.flatMap(({ data, difference }) => {
      if (difference === null) return [];
      const { mean, low, high, p, adjusted, seeds } = difference;
      return [
        [cell(label), cell(data), signed(mean), `${signed(low)} to ${signed(high)}`, share(p), share(adjusted), seeds],
      ];
    }),
  );
  if (lines.length === 0) return [];
  const head = ['method', 'data', 'difference', '95 % interval', 'p', 'p, Holm', 'seeds'];
  return ['', `Macro against ${cell(baseline)}:`, '', table(head, lines)];
}

function curvesText(figures: readonly CurveFigure[]): string {
  const texts = figures.map(({ over, data, student, at, lines }) => {
    const xs = distinct(lines.flatMap(({ curve }) => curve.points.map(({ x }) => x))).toSorted((a, b) => a - b);
    const rows = lines.map(({ curve, label }) => [
      cell(label),
      ...xs.map((x) => {
        const point = curve.points.find((one) => one.x === x);
        return point === undefined ? '–' : spread(point.macro);
      }),
    ]);
    const [title, sign] = over === 'stages' ? ['Over stages', 'K'] : ['Over the budget', 'B'];
    const fixed = at === null ? '' : `, ${cell(at)}`;
    return [
      `### ${title}: ${cell(data)}, student ${cell(student)}${fixed}`,
      '',
      table(['method', ...xs.map((x) => `${sign} = ${x}`)], rows),
    ].join('\n');
  });
  return texts.length === 0 ? '' : ['## Curves', ...texts].join('\n\n');
}

function missing(cells: readonly ComparisonCell[]): string {
  const without = cells.filter(({ macro }) => macro === null);
  if (without.length === 0) return '';
  const rows = without.map(({ run, status, reason }) => [cell(run), status, cell(reason ?? '')]);
  return ['## Cells without scores', '', table(['cell', 'status', 'reason'], rows)].join('\n');
}

function settings({ methods, dataSets, cells, plan }: Comparison): string {
  const points = methods.map(({ name, method, switches }) => [
    cell(name),
    method,
    Object.entries(switches)
      .map(([key, value]) => `${key}: ${value}`)
      .join(', '),
  ]);
  const data = dataSets.map((one) => [cell(one.name), one.task, one.metric, one.pool, one.test, one.domains]);
  const capped = distinct(cells.filter((one) => one.capped).map((one) => one.data));
  return [
    '## Settings',
    '',
    table(['name', 'method', 'switches'], points),
    '',
    table(['data', 'task', 'metric', 'pool', 'test', 'domains'], data),
    ...(capped.length > 0 ? ['', `Slots capped to the pool: ${capped.map(cell).join(', ')}.`] : []),
    '',
    `Cells: \`${plan.slice(0, 12)}\`.`,
  ].join('\n');
}

function spread({ mean, deviation }: Spread): string {
  return deviation === null ? share(mean) : `${share(mean)} ± ${share(deviation)}`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${share(Math.abs(value))}`;
}

function bold(text: string, best: boolean): string {
  return best ? `**${text}**` : text;
}
