/** Every run of a comparison, to be sorted and filtered. */
import type { Comparison, ComparisonCell } from '../../../contracts/comparison/comparison.ts';
import { prose, rate, whole, words } from '../columns.ts';
import { filterForm } from '../filter.ts';
import { markup } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { sortableTable } from '../table.ts';
import type { Column } from '../table.ts';
import { count } from '../words.ts';

const columns: Column<ComparisonCell>[] = [
  prose('data', ({ data }) => data),
  words('student', ({ student }) => student),
  words('method', ({ method }) => method),
  {
    name: 'slots',
    kind: 'number',
    cell: ({ slots, capped }) => `${count(slots)}${capped ? ' (capped)' : ''}`,
    value: ({ slots }) => slots,
  },
  whole('stages', ({ stages }) => stages),
  whole('seed', ({ seed }) => seed),
  words('status', ({ status }) => status),
  rate('macro', ({ macro }) => macro),
  rate('micro', ({ micro }) => micro),
  rate('head', ({ groups }) => groups.head),
  rate('middle', ({ groups }) => groups.middle),
  rate('tail', ({ groups }) => groups.tail),
  whole('calls', ({ charged }) => charged),
  {
    name: 'seconds',
    kind: 'number',
    cell: ({ seconds }) => seconds?.toFixed(1) ?? '–',
    value: ({ seconds }) => seconds,
  },
  words('run', ({ run }) => run),
];

const missingColumns: Column<ComparisonCell>[] = [
  prose('run', ({ run }) => run),
  words('status', ({ status }) => status),
  prose('why', ({ reason }) => reason ?? ''),
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
