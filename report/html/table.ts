/** HTML tables. They can be sorted if scripts run. */
import { markup } from './markup.ts';
import type { Content, Markup } from './markup.ts';

export interface Column<Row> {
  readonly name: string;
  /**
   * Numbers are aligned right and sort by `value`; null sorts last. `long` text is wrapped, `text` stays on one line.
   */
  readonly kind: 'text' | 'long' | 'number';
  readonly cell: (row: Row) => Content;
  readonly value?: (row: Row) => number | null;
}

/** For `filterForm`: the id of the table's body, and the values that its rows are filtered by. */
interface Filtered<Row> {
  readonly id: string;
  readonly data: (row: Row) => Readonly<Record<string, string>>;
}

/** `label` describes the table for screen readers. */
export function sortableTable<Row>(
  label: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  filtered?: Filtered<Row>,
): Markup {
  return markup`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table data-sortable>
      <thead>
        <tr>
          ${columns.map(({ name, kind }) => markup`<th scope="col" class="${kind}">${name}</th>`)}
        </tr>
      </thead>
      <tbody ${filtered === undefined ? null : markup`id="${filtered.id}"`}>
        ${rows.map(
          (row) =>
            markup`<tr ${dataOf(filtered?.data(row) ?? {})}>
              ${columns.map((column) => cellOf(column, row))}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

const dataOf = (values: Readonly<Record<string, string>>): Markup[] =>
  Object.entries(values).map(([name, value]) => markup`data-${name}="${value}" `);

function cellOf<Row>({ kind, cell, value }: Column<Row>, row: Row): Markup {
  const content = cell(row);
  if (kind !== 'number') return markup`<td class="${kind}">${content}</td>`;
  const number = value?.(row) ?? null;
  const sorts = number === null ? '' : String(Number(number.toFixed(6)));
  // Omit `data-value` if it equals the text of the cell.
  return sorts === content
    ? markup`<td class="number">${content}</td>`
    : markup`<td class="number" data-value="${sorts}">${content}</td>`;
}

/** Names and values, not sorted. */
export function factTable(label: string, facts: readonly (readonly [Content, Content])[]): Markup {
  return markup`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table>
      <tbody>
        ${facts.map(
          ([name, value]) =>
            markup`<tr>
              <th scope="row">${name}</th>
              <td>${value}</td>
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}
