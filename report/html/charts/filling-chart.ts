/** Chart of the rows that filled the slots of each stage. */
import * as Plot from '@observablehq/plot';
import type { Report } from '../../../contracts/report.ts';
import { below, color, figure, figureHeight, figureWidth } from './chart.ts';
import type { Markup } from '../markup.ts';
import { count } from '../format.ts';

const fillings = [
  { name: 'real', fill: color.first, opacity: 0.85 },
  { name: 'synthetic', fill: color.second, opacity: 0.85 },
  { name: 'repeated', fill: color.third, opacity: 0.85 },
  { name: 'unfilled', fill: color.quiet, opacity: 0.4 },
] as const;

export function fillingChart({ stages }: Report): Markup | null {
  if (stages.length === 0) return null;
  const parts = stages.flatMap(({ stage, counts }) =>
    fillings.map(({ name }) => ({
      stage,
      name,
      slots: { real: counts.real, synthetic: counts.synthetic, repeated: counts.duplicated, unfilled: counts.unfilled }[
        name
      ],
    })),
  );
  const used = fillings.filter(({ name }) => parts.some((part) => part.name === name && part.slots > 0));
  const of = (wanted: string): number => parts.reduce((sum, { name, slots }) => sum + (name === wanted ? slots : 0), 0);
  const every = Math.ceil(stages.length / 12);
  return figure(
    {
      title: 'Slots by kind of row',
      caption: 'Real and synthetic rows need a teacher call; repeated rows need none.',
      label: `Stacked bars of slots by stage: ${stages.map(({ stage, counts }) => `stage ${stage} ${counts.real} real, ${counts.synthetic} synthetic, ${counts.duplicated} repeated, ${counts.unfilled} unfilled`).join('; ')}.`,
    },
    {
      width: figureWidth,
      height: figureHeight,
      marginLeft: 46,
      marginBottom: 46,
      marginTop: 52,
      x: {
        type: 'band',
        ...below('stage'),
        ticks: stages.map(({ stage }) => stage).filter((_, index) => index % every === 0),
        tickFormat: (stage: number) => String(stage),
        tickSize: 0,
      },
      y: { label: 'slots', grid: true, ticks: 5, tickFormat: (slots: number) => count(slots) },
      color: { domain: used.map(({ name }) => name), range: used.map(({ fill }) => fill) },
      marks: [
        Plot.barY(
          parts.filter(({ slots }) => slots > 0),
          {
            x: 'stage',
            y: 'slots',
            fill: 'name',
            fillOpacity: ({ name }) => fillings.find((filling) => filling.name === name)?.opacity ?? 1,
            order: used.map(({ name }) => name),
            insetLeft: 0.5,
            insetRight: 0.5,
            title: ({ stage, name, slots }) => `stage ${stage}: ${count(slots)} ${name}`,
          },
        ),
        Plot.ruleY([0]),
        ...used.map(({ name, fill }, index) =>
          Plot.text([name], {
            frameAnchor: 'top-left',
            text: [`${name} ${count(of(name))}`],
            fill,
            fontWeight: 600,
            textAnchor: 'start',
            dx: 20 + (index % 2) * 140,
            dy: index < 2 ? -44 : -28,
          }),
        ),
      ],
    },
  );
}
