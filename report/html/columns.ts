/** Common kinds of table columns. */
import type { Column } from './table.ts';
import { count, score } from './format.ts';

export const integer = <Row>(name: string, of: (row: Row) => number | null): Column<Row> => ({
  name,
  kind: 'number',
  cell: (row) => (of(row) === null ? '–' : count(of(row) ?? 0)),
  value: of,
});

export const rate = <Row>(name: string, of: (row: Row) => number | null): Column<Row> => ({
  name,
  kind: 'number',
  cell: (row) => score(of(row)),
  value: of,
});

export const text = <Row>(name: string, of: (row: Row) => string): Column<Row> => ({ name, kind: 'text', cell: of });

/** Text of any length, which may be wrapped. */
export const longText = <Row>(name: string, of: (row: Row) => string): Column<Row> => ({
  name,
  kind: 'long',
  cell: of,
});
