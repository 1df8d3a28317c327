/** Charts of the differences to the baseline with their intervals, on which the marks of the table are based. */
import * as Plot from '@observablehq/plot';
import type { Block, Comparison } from '../../../contracts/comparison/comparison.ts';
import { below, color, figure, figureWidth } from './chart.ts';
import { differencesOf } from '../comparison/comparison-table.ts';
import { visible } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { axisWidth, nameScale } from './panels.ts';
import { signed } from '../format.ts';

/** One figure per data set, all on the same scale. */
export function differenceCharts(block: Block, { baseline, dataSets }: Comparison): (Markup | null)[] {
  const all = differencesOf(block);
  const ends = all.flatMap(({ difference }) => [difference.low, difference.high, 0]);
  const domain = [Math.min(...ends), Math.max(...ends)];
  return dataSets.map(({ name, metric }) => {
    const lines = all.filter(({ data }) => data === name);
    if (lines.length === 0) return null;
    return figure(
      {
        title: name,
        caption: `Macro ${metric} minus that of ${baseline}, with 95 % intervals.`,
        label: `Interval plot for ${name}: ${lines.map(({ label, difference }) => `${label} ${signed(difference.mean)}, ${signed(difference.low)} to ${signed(difference.high)}`).join('; ')}.`,
      },
      chartOptions(lines, domain),
    );
  });
}

function chartOptions(lines: ReturnType<typeof differencesOf>, domain: readonly number[]): Plot.PlotOptions {
  const rows = lines.map(({ label, difference }, place) => ({
    ...difference,
    label,
    place,
    fill: { better: color.first, worse: color.second, none: color.quiet }[difference.verdict],
  }));
  return {
    width: figureWidth,
    height: rows.length * 22 + 58,
    marginLeft: axisWidth(lines.map(({ label }) => label)),
    marginTop: 8,
    marginBottom: 46,
    marginRight: 14,
    x: {
      domain: [...domain],
      nice: true,
      ...below('difference in macro'),
      grid: true,
      ticks: 4,
    },
    y: nameScale(rows.map(({ label }) => label)),
    marks: [
      Plot.ruleX([0], { stroke: color.ink }),
      Plot.link(rows, { x1: 'low', x2: 'high', y: 'place', stroke: 'fill', strokeWidth: 2 }),
      Plot.dot(rows, {
        x: 'mean',
        y: 'place',
        fill: 'fill',
        r: 4,
        title: ({ label, mean, adjusted }) => `${visible(label)}: ${signed(mean)}, p ${adjusted.toFixed(3)} (Holm)`,
      }),
    ],
  };
}
