/** The table of all runs of a comparison, with filters. */
import type { Comparison, ComparisonCell } from '../../../contracts/comparison/comparison.ts';
import { longTextColumn, rateColumn, integerColumn, textColumn } from '../columns.ts';
import { filterForm } from '../filter.ts';
import { markup } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { sortableTable } from '../table.ts';
import type { Column } from '../table.ts';
import { count } from '../format.ts';

const columns: Column<ComparisonCell>[] = [
  longTextColumn('data', ({ data }) => data),
  textColumn('student', ({ student }) => student),
  textColumn('method', ({ method }) => method),
  {
    name: 'slots',
    kind: 'number',
    cell: ({ slots, capped }) => `${count(slots)}${capped ? ' (capped)' : ''}`,
    value: ({ slots }) => slots,
  },
  integerColumn('stages', ({ stages }) => stages),
  integerColumn('seed', ({ seed }) => seed),
  textColumn('status', ({ status }) => status),
  rateColumn('macro', ({ macro }) => macro),
  rateColumn('micro', ({ micro }) => micro),
  rateColumn('head', ({ groups }) => groups.head),
  rateColumn('middle', ({ groups }) => groups.middle),
  rateColumn('tail', ({ groups }) => groups.tail),
  integerColumn('calls', ({ charged }) => charged),
  {
    name: 'seconds',
    kind: 'number',
    cell: ({ seconds }) => seconds?.toFixed(1) ?? '–',
    value: ({ seconds }) => seconds,
  },
  textColumn('run', ({ run }) => run),
];

const missingColumns: Column<ComparisonCell>[] = [
  longTextColumn('run', ({ run }) => run),
  textColumn('status', ({ status }) => status),
  longTextColumn('reason', ({ reason }) => reason ?? ''),
];

export function cellsPart({ cells }: Comparison): Markup {
  const id = 'cells-list';
  const missing = cells.filter(({ macro }) => macro === null);
  return markup`${filterForm(id, [
    { label: 'Data', name: 'data', values: cells.map(({ data }) => data) },
    { label: 'Student', name: 'student', values: cells.map(({ student }) => student) },
    { label: 'Method', name: 'method', values: cells.map(({ method }) => method) },
    { label: 'Status', name: 'status', values: cells.map(({ status }) => status) },
  ])}
  ${sortableTable('Cells', columns, cells, {
    id,
    data: ({ data, student, method, status }) => ({ data, student, method, status }),
  })}
  ${missing.length === 0 ? null : markup`<h3>Without scores</h3>${sortableTable('Without scores', missingColumns, missing)}`}`;
}
