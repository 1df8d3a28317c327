import { markup } from './markup.ts';
import type { Markup } from './markup.ts';

/** One of the key figures at the top of a page. */
export function tile(name: string, value: string, detail: string): Markup {
  return markup`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
    <dd class="quiet">${detail}</dd>
  </div> `;
}
