/** The columns that most tables have: counts and scores. */
import type { Column } from './table.ts';
import { count, score } from './words.ts';

export const whole = <Row>(name: string, of: (row: Row) => number | null): Column<Row> => ({
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

export const words = <Row>(name: string, of: (row: Row) => string): Column<Row> => ({ name, kind: 'text', cell: of });

/** Text of any length, as it came from outside. */
export const prose = <Row>(name: string, of: (row: Row) => string): Column<Row> => ({ name, kind: 'long', cell: of });
