/** Draws a figure as SVG while the report is written: the page needs no script to show it. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { markup, Markup, visible } from '../markup.ts';
import type { Content } from '../markup.ts';

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** Small figures are drawn in this size, three to a row on a wide screen, one on a narrow one; never made smaller. */
export const figureWidth = 352;
export const figureHeight = 250;

/** An axis below the drawing, with its name in the middle. */
export const below = (label: string) =>
  ({ label, labelAnchor: 'center', labelOffset: 38, labelArrow: 'none' }) as const;

/** Colors by meaning; the style sheet has them for light and dark, distinguished without red and green. */
export const color = {
  first: 'var(--first)',
  second: 'var(--second)',
  third: 'var(--third)',
  fourth: 'var(--fourth)',
  fifth: 'var(--fifth)',
  sixth: 'var(--sixth)',
  quiet: 'var(--quiet)',
  ink: 'var(--ink)',
} as const;

/**
 * One figure: a drawing, its title and a sentence that says what is to be seen. `label` is the drawing in words, for
 * who cannot see it.
 */
export function figure(words: { title: string; caption: Content; label: string }, options: Plot.PlotOptions): Markup {
  return markup`<figure>
    <figcaption><strong>${words.title}</strong> ${words.caption}</figcaption>
    ${drawing(words.label, options)}
  </figure>`;
}

/** The SVG alone. Its style sheet and style attributes go: the page's policy allows none but its own. */
export function drawing(label: string, options: Plot.PlotOptions): Markup {
  const svg = Plot.plot({ ...options, document, ariaLabel: visible(label) });
  for (const style of svg.querySelectorAll('style')) style.remove();
  for (const styled of svg.querySelectorAll('[style]')) styled.removeAttribute('style');
  svg.removeAttribute('class');
  svg.setAttribute('role', 'img');
  svg.setAttribute('font-size', '12');
  svg.setAttribute('font-family', 'inherit');
  return new Markup(shortNumbers(svg.outerHTML));
}

/** Coordinates to a hundredth of a pixel. */
function shortNumbers(svg: string): string {
  return svg.replaceAll(/\s(?:d|transform|x|y|x1|x2|y1|y2|cx|cy|width|height)="[^"]*"/g, (attribute) =>
    attribute.replaceAll(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2)))),
  );
}
