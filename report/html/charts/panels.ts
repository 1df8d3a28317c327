/** Domains a panel: a long list is drawn in panels that fit a printed page. */
import { shortened } from '../markup.ts';

const panelRows = 30;

export const rowHeight = 18;

export function panels<T>(rows: readonly T[]): T[][] {
  // Panels of even length: 33 rows are 17 and 16, not 30 and 3.
  const number = Math.ceil(rows.length / panelRows);
  const size = Math.ceil(rows.length / Math.max(number, 1));
  return Array.from({ length: number }, (_, index) => rows.slice(index * size, (index + 1) * size));
}

/** More domains than twice this are too many to draw. */
const mostOfAnEnd = 60;

/** What is drawn of a list in the order of frequency: all, or both its ends, and then a sentence that says so. */
export function drawnOf<T>(rows: readonly T[]): { readonly rows: readonly T[]; readonly note: string | null } {
  if (rows.length <= 2 * mostOfAnEnd) return { rows, note: null };
  const note = `Of ${rows.length} domains the ${mostOfAnEnd} most frequent and the ${mostOfAnEnd} rarest are drawn; the table has all.`;
  return { rows: [...rows.slice(0, mostOfAnEnd), ...rows.slice(-mostOfAnEnd)], note };
}

/** Names as an axis shows them. Two that are the same when shortened stay apart: the axis is drawn by their places. */
export const axisName = (domain: string): string => shortened(domain, 24);

/** Room for the names of an axis, at about 7 px a character. */
export const axisRoom = (domains: readonly string[]): number =>
  Math.max(...domains.map((domain) => axisName(domain).length), 4) * 6.9 + 14;

/** A row a name: the band scale of a chart whose rows are distinguished by their place. */
export const nameRows = (names: readonly string[]) =>
  ({
    type: 'band',
    round: false,
    domain: names.map((_, place) => place),
    label: null,
    tickSize: 0,
    tickFormat: (place: number) => axisName(names[place] ?? ''),
  }) as const;
