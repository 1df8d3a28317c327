/** The table of all runs of a comparison, with filters. */
import type { Comparison, ComparisonCell } from '../../../contracts/comparison/comparison.ts';
import { longText, rate, integer, text } from '../columns.ts';
import { filterForm } from '../filter.ts';
import { markup } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { sortableTable } from '../table.ts';
import type { Column } from '../table.ts';
import { count } from '../format.ts';

const columns: Column<ComparisonCell>[] = [
  longText('data', ({ data }) => data),
  text('student', ({ student }) => student),
  text('method', ({ method }) => method),
  {
    name: 'slots',
    kind: 'number',
    cell: ({ slots, capped }) => `${count(slots)}${capped ? ' (capped)' : ''}`,
    value: ({ slots }) => slots,
  },
  integer('stages', ({ stages }) => stages),
  integer('seed', ({ seed }) => seed),
  text('status', ({ status }) => status),
  rate('macro', ({ macro }) => macro),
  rate('micro', ({ micro }) => micro),
  rate('head', ({ groups }) => groups.head),
  rate('middle', ({ groups }) => groups.middle),
  rate('tail', ({ groups }) => groups.tail),
  integer('calls', ({ charged }) => charged),
  {
    name: 'seconds',
    kind: 'number',
    cell: ({ seconds }) => seconds?.toFixed(1) ?? '–',
    value: ({ seconds }) => seconds,
  },
  text('run', ({ run }) => run),
];

const missingColumns: Column<ComparisonCell>[] = [
  longText('run', ({ run }) => run),
  text('status', ({ status }) => status),
  longText('reason', ({ reason }) => reason ?? ''),
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
