/** Heat map of slots by domain and stage, one panel per kind of row. */
import * as Plot from '@observablehq/plot';
import type { DomainOutcome } from '../../../contracts/records.ts';
import type { Report } from '../../../contracts/report.ts';
import { below, color, drawing } from './chart.ts';
import { markup, visible } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { axisWidth, shownRows, nameScale, panels, rowHeight } from './panels.ts';
import { domainsOf } from '../scored.ts';
import { count } from '../format.ts';

type Kind = 'real' | 'synthetic' | 'repeated' | 'unfilled';

interface Cell {
  readonly domain: string;
  readonly stage: number;
  readonly kind: Kind;
  readonly slots: number;
}

const kinds: readonly { readonly kind: Kind; readonly of: (outcome: DomainOutcome) => number }[] = [
  { kind: 'real', of: ({ real }) => real },
  { kind: 'synthetic', of: ({ synthetic }) => synthetic },
  { kind: 'repeated', of: ({ duplicated }) => duplicated },
  { kind: 'unfilled', of: ({ unfilled }) => Object.values(unfilled).reduce((sum, slots) => sum + slots, 0) },
];

/** Width of a cell with its number and without. */
const widthWithNumber = 38;
const widthWithoutNumber = 10;
/** With more stages the numbers are shown only in the titles of the cells. */
const mostNumbers = 12;

export function quotaMap(report: Report): Markup | null {
  const cells = cellsOf(report);
  if (cells.length === 0) return null;
  const shown = kinds
    .map(({ kind }) => kind)
    .filter((kind) => kind === 'real' || cells.some((cell) => cell.kind === kind));
  const most = Math.max(...cells.map(({ slots }) => slots));
  const { rows: domains, note } = shownRows(domainsOf(report));
  const frame = { shown, most, room: axisWidth(domains), stages: report.stages.map(({ stage }) => stage) };
  return markup`<p>
      Slots of each domain (the most frequent first) and stage, by kind of row: ${shown.join(', ')}. A stronger color means
      more slots, on a square-root scale; an empty cell means none.
      ${note}
    </p>
    <div class="beside">
      ${panels(domains).map((panel) => {
        const own = cells.filter(({ domain }) => panel.includes(domain));
        const label = `Heat map of slots by domain and stage, for the domains ${panel.join(', ')}.`;
        return markup`<figure>
          <div class="scroll" role="region" aria-label="Slots by domain and stage" tabindex="0">
            ${drawing(label, mapOptions(own, panel, frame))}
          </div>
        </figure> `;
      })}
    </div>`;
}

function cellsOf({ stages }: Report): Cell[] {
  return stages.flatMap(({ stage, outcomes }) =>
    outcomes.flatMap((outcome) =>
      kinds
        .map(({ kind, of }) => ({ domain: outcome.domain, stage, kind, slots: of(outcome) }))
        .filter(({ slots }) => slots > 0),
    ),
  );
}

function mapOptions(
  cells: readonly Cell[],
  domains: readonly string[],
  frame: { stages: readonly number[]; shown: readonly Kind[]; most: number; room: number },
): Plot.PlotOptions {
  const { stages, shown, most, room } = frame;
  const numbers = stages.length <= mostNumbers;
  const rows = cells.map((cell) => ({ ...cell, place: domains.indexOf(cell.domain) }));
  const depth = ({ slots }: Cell): number => 0.08 + 0.52 * Math.sqrt(slots / most);
  const every = Math.ceil(stages.length / mostNumbers);
  return {
    width: room + shown.length * (stages.length * (numbers ? widthWithNumber : widthWithoutNumber) + 14) + 10,
    height: domains.length * rowHeight + 76,
    marginLeft: room,
    marginTop: 30,
    marginBottom: 46,
    marginRight: 10,
    fx: { domain: [...shown], label: null, padding: 0.04, axis: 'top' },
    x: {
      type: 'band',
      domain: [...stages],
      ...below('stage'),
      tickSize: 0,
      padding: 0.04,
      ticks: stages.filter((_, index) => index % every === 0),
      tickFormat: (stage: number) => String(stage),
    },
    y: { ...nameScale(domains), padding: 0.06 },
    marks: [
      ...shown.map((kind) => Plot.frame({ fx: kind, stroke: color.quiet, strokeOpacity: 0.35 })),
      Plot.cell(rows, {
        fx: 'kind',
        x: 'stage',
        y: 'place',
        fill: ({ kind }) => (kind === 'real' ? color.first : kind === 'synthetic' ? color.second : color.quiet),
        fillOpacity: depth,
        title: ({ domain, stage, kind, slots }) => `${visible(domain)}, stage ${stage}: ${count(slots)} ${kind}`,
      }),
      ...(numbers
        ? [
            Plot.text(rows, {
              fx: 'kind',
              x: 'stage',
              y: 'place',
              text: ({ slots }) => String(slots),
              fontVariant: 'tabular-nums',
            }),
          ]
        : []),
    ],
  };
}
