/** The paper's table: methods by data sets, for one student and one budget. */
import type { Block, Comparison, Entry, Spread } from '../../../contracts/comparison/comparison.ts';
import { rate, integer, text } from '../columns.ts';
import { markup } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { sortableTable } from '../table.ts';
import type { Column } from '../table.ts';
import { count, score, signed } from '../format.ts';

/** A row of the table: a method, or the majority answer. */
interface Line {
  readonly label: string;
  readonly entries: readonly (Entry | { readonly majority: { macro: number; micro: number } | null })[];
  readonly mean: number | null;
  readonly best: boolean;
}

export function blockTable(block: Block, { dataSets }: Comparison): Markup {
  const majority: Line = { label: 'majority answer', entries: dataSets.map((data) => data), mean: null, best: false };
  const columns: Column<Line>[] = [
    text('method', ({ label }) => label),
    ...block.columns.map(({ data, slots }, index): Column<Line> => ({
      name: slots === null ? data : `${data} (${count(slots)} slots)`,
      kind: 'number',
      cell: ({ entries }) => entryCell(entries[index]),
      value: ({ entries }) => macroOf(entries[index]),
    })),
    ...(dataSets.length > 1
      ? [
          {
            name: 'mean',
            kind: 'number',
            cell: ({ mean, best }) => strong(score(mean), best),
            value: ({ mean }) => mean,
          } satisfies Column<Line>,
        ]
      : []),
  ];
  const withoutSignal = block.columns.filter(({ signal }) => signal === false).map(({ data }) => data);
  return markup`${sortableTable(`Student ${block.student}, budget ${block.budget}`, columns, [majority, ...block.rows])}
    ${
      withoutSignal.length === 0
        ? null
        : markup`<p>No signal (no method beats the majority answer by two standard errors), so not in the mean: ${withoutSignal.join(', ')}.</p>`
    }`;
}

function macroOf(entry: Line['entries'][number] | undefined): number | null {
  if (entry === undefined) return null;
  return 'majority' in entry ? (entry.majority?.macro ?? null) : (entry.macro?.mean ?? null);
}

function entryCell(entry: Line['entries'][number] | undefined): Markup | string {
  if (entry === undefined) return '–';
  if ('majority' in entry)
    return entry.majority === null ? '–' : `${score(entry.majority.macro)} / ${score(entry.majority.micro)}`;
  const { macro, micro, best, difference, seeds, of } = entry;
  if (macro === null) return '–';
  const mark = difference?.verdict === 'better' ? '*' : difference?.verdict === 'worse' ? '†' : null;
  const missing = seeds < of ? ` (${seeds} of ${of} seeds)` : null;
  return markup`${strong(spreadText(macro), best)}${mark} / ${score(micro?.mean ?? null)}${missing}`;
}

const strong = (text: string, best: boolean): Markup | string => (best ? markup`<strong>${text}</strong>` : text);

export function spreadText({ mean, deviation }: Spread): string {
  return deviation === null ? score(mean) : `${score(mean)} ± ${score(deviation)}`;
}

interface DifferenceLine {
  readonly label: string;
  readonly data: string;
  readonly difference: NonNullable<Entry['difference']>;
}

/** Differences to the baseline of a block, one per method and data set. */
export function differencesOf(block: Block): DifferenceLine[] {
  return block.rows.flatMap(({ label, entries }) =>
    entries.flatMap(({ data, difference }) => (difference === null ? [] : [{ label, data, difference }])),
  );
}

export function differenceTable(block: Block): Markup | null {
  const lines = differencesOf(block);
  if (lines.length === 0) return null;
  const columns: Column<DifferenceLine>[] = [
    text('method', ({ label }) => label),
    text('data', ({ data }) => data),
    {
      name: 'difference',
      kind: 'number',
      cell: ({ difference }) => signed(difference.mean),
      value: ({ difference }) => difference.mean,
    },
    {
      name: '95 % interval',
      kind: 'number',
      cell: ({ difference }) => `${signed(difference.low)} to ${signed(difference.high)}`,
      value: ({ difference }) => difference.low,
    },
    rate('p', ({ difference }) => difference.p),
    rate('p, Holm', ({ difference }) => difference.adjusted),
    integer('seeds', ({ difference }) => difference.seeds),
  ];
  return sortableTable(`Differences to the baseline, student ${block.student}, budget ${block.budget}`, columns, lines);
}
