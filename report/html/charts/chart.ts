/** Draws a figure as SVG when the report is written, so the page needs no script to show it. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { markup, Markup, visible } from '../markup.ts';
import type { Content } from '../markup.ts';

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** Size of a small figure: three fit in a row on a wide screen, one on a narrow one. Figures are never scaled down. */
export const figureWidth = 352;
export const figureHeight = 250;

/** An axis below the drawing with a centered label. */
export const below = (label: string) =>
  ({ label, labelAnchor: 'center', labelOffset: 38, labelArrow: 'none' }) as const;

/** Colors by role. The style sheet defines them for light and dark; no pair relies on red and green. */
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

/** One figure: a drawing, its title and a caption. `label` describes the drawing for screen readers. */
export function figure(texts: { title: string; caption: Content; label: string }, options: Plot.PlotOptions): Markup {
  return markup`<figure>
    <figcaption><strong>${texts.title}</strong> ${texts.caption}</figcaption>
    ${drawing(texts.label, options)}
  </figure>`;
}

/** The SVG without style elements and attributes, because the page's policy allows only its own style sheet. */
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

/** Rounds coordinates to a hundredth of a pixel. */
function shortNumbers(svg: string): string {
  return svg.replaceAll(/\s(?:d|transform|x|y|x1|x2|y1|y2|cx|cy|width|height)="[^"]*"/g, (attribute) =>
    attribute.replaceAll(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2)))),
  );
}
