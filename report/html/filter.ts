/** A form that filters elements. It is visible only if scripts run. */
import { markup, shortened } from './markup.ts';
import type { Markup } from './markup.ts';

interface Choice {
  readonly label: string;
  /** The `data-` attribute of the filtered elements that holds the value. */
  readonly name: string;
  readonly values: readonly string[];
}

/** `filters` is the id of the element whose children are filtered. A choice with a single value is left out. */
export function filterForm(filters: string, choices: readonly Choice[]): Markup {
  return markup`<form class="filter" data-filters="${filters}" hidden>
    <label>Text <input type="search" name="search" autocomplete="off" /></label>
    ${choices.map(select)}
    <output aria-live="polite"></output>
  </form>`;
}

function select({ label, name, values }: Choice): Markup | null {
  const sorted = [...new Set(values)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (sorted.length < 2) return null;
  return markup`<label>${label} <select name="${name}">
    <option value="">all</option>
    ${sorted.map((value) => markup`<option value="${value}">${shortened(value, 48)}</option>`)}
  </select></label>`;
}
