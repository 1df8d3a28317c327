/** Domains a panel: a long list is drawn in panels that fit a printed page. */
import { shortened } from '../markup.ts';

const panelRows = 30;

export const rowHeight = 18;

export function panels<T>(rows: readonly T[]): T[][] {
  // Panels of equal length: 33 rows are 17 and 16, not 30 and 3.
  const number = Math.ceil(rows.length / panelRows);
  const size = Math.ceil(rows.length / Math.max(number, 1));
  return Array.from({ length: number }, (_, index) => rows.slice(index * size, (index + 1) * size));
}

/** Rows shown at each end of a longer list. */
const mostPerEnd = 60;

/** The rows of a list to draw: all, or both ends with a note. */
export function shownRows<T>(rows: readonly T[]): { readonly rows: readonly T[]; readonly note: string | null } {
  if (rows.length <= 2 * mostPerEnd) return { rows, note: null };
  const note = `Only the ${mostPerEnd} most frequent and the ${mostPerEnd} rarest of ${rows.length} domains are drawn; the table lists all.`;
  return { rows: [...rows.slice(0, mostPerEnd), ...rows.slice(-mostPerEnd)], note };
}

/** Names as an axis shows them. The axis uses positions, so two names that are equal when shortened stay separate. */
export const axisName = (domain: string): string => shortened(domain, 24);

/** Width of the names of an axis, at about 7 px per character. */
export const axisWidth = (domains: readonly string[]): number =>
  Math.max(...domains.map((domain) => axisName(domain).length), 4) * 6.9 + 14;

/** A band scale with one row per name, identified by position. */
export const nameScale = (names: readonly string[]) =>
  ({
    type: 'band',
    round: false,
    domain: names.map((_, place) => place),
    label: null,
    tickSize: 0,
    tickFormat: (place: number) => axisName(names[place] ?? ''),
  }) as const;
