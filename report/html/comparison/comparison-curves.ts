/** Charts of macro over the number of stages or the budget, one line per method (Figure 4 of the paper). */
import * as Plot from '@observablehq/plot';
import type { Comparison } from '../../../contracts/comparison/comparison.ts';
import { curveFigures } from '../../comparison/curve-figures.ts';
import type { CurveFigure } from '../../comparison/curve-figures.ts';
import { below, color, figure, figureHeight, figureWidth } from '../charts/chart.ts';
import { spreadText } from './comparison-table.ts';
import { endLabels } from '../charts/end-labels.ts';
import { shortened } from '../markup.ts';
import type { Markup } from '../markup.ts';
import type { MethodStyle } from '../charts/method-styles.ts';
import { count } from '../format.ts';

export function curveCharts({ curves, dataSets }: Comparison, styles: ReadonlyMap<string, MethodStyle>): Markup[] {
  return curveFigures(curves).map((drawn) => {
    const { over, data, student, at, lines } = drawn;
    const metric = dataSets.find(({ name }) => name === data)?.metric ?? 'score';
    return figure(
      {
        title: `${data}: macro ${metric} over ${over === 'stages' ? 'the number of stages' : 'the budget'}`,
        caption: `Student ${student}${at === null ? '' : `, ${at}`}. Bars are one standard deviation over seeds; a point without a bar has one seed.`,
        label: `Line chart of macro by ${over}: ${lines.map(({ curve, label }) => `${label} ${curve.points.map(({ x, macro }) => `${spreadText(macro)} at ${x}`).join(', ')}`).join('; ')}.`,
      },
      curveOptions(drawn, styles, metric),
    );
  });
}

function curveOptions(
  { over, lines }: CurveFigure,
  styles: ReadonlyMap<string, MethodStyle>,
  metric: string,
): Plot.PlotOptions {
  const points = lines.flatMap(({ curve, label }) =>
    curve.points.map(({ x, macro: { mean, deviation } }) => ({
      label,
      x,
      mean,
      low: mean - (deviation ?? 0),
      high: mean + (deviation ?? 0),
    })),
  );
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const styleOf = (method: string): MethodStyle =>
    styles.get(method) ?? { fill: color.ink, symbol: 'circle', dash: '1 0' };
  const names = lines.map(({ curve, method, suffix }) => ({
    // The short suffix distinguishes lines of one method: shorten the method's name instead.
    text: shortened(method, suffix === '' ? 20 : 15) + suffix,
    value: curve.points.at(-1)?.macro.mean ?? 0,
    fill: styleOf(method).fill,
  }));
  const ends = endLabels(names, [
    Math.min(...points.map(({ low }) => low)),
    Math.max(...points.map(({ high }) => high)),
  ]);
  return {
    width: figureWidth,
    height: figureHeight,
    marginLeft: 46,
    marginTop: 28,
    marginBottom: 46,
    marginRight: ends.width,
    x: {
      ...below(over === 'stages' ? 'stages (K)' : 'slots (B)'),
      inset: 6,
      ticks: xs.length <= 6 ? xs : 5,
      tickFormat: (x: number) => count(x),
    },
    y: { label: `macro ${metric}`, grid: true, nice: true, ticks: 5 },
    marks: [
      ...lines.flatMap(({ method, label }) => {
        const { fill, symbol, dash } = styleOf(method);
        const own = points.filter((point) => point.label === label);
        return [
          Plot.link(own, { x1: 'x', x2: 'x', y1: 'low', y2: 'high', stroke: fill, strokeOpacity: 0.5 }),
          Plot.lineY(own, { x: 'x', y: 'mean', stroke: fill, strokeWidth: 2, strokeDasharray: dash }),
          Plot.dot(own, { x: 'x', y: 'mean', fill, symbol, r: 4 }),
        ];
      }),
      ends.at(xs.at(-1) ?? 0),
    ],
  };
}
