/** Macro over the number of stages or the budget, a line a method (Figure 4 of the paper). */
import * as Plot from '@observablehq/plot';
import type { Comparison, Curve } from '../../contracts/comparison.ts';
import { below, colour, figure, figureHeight, figureWidth } from './chart.ts';
import { spreadText } from './comparison-table.ts';
import { endLabels } from './end-labels.ts';
import { shortened } from './markup.ts';
import type { Markup } from './markup.ts';
import type { MethodLook } from './method-looks.ts';
import { count } from './words.ts';

export function curveCharts({ curves, dataSets }: Comparison, looks: ReadonlyMap<string, MethodLook>): Markup[] {
  const figures = Map.groupBy(curves, ({ over, data, student, at }) => JSON.stringify([over, data, student, at]));
  return [...figures.values()].flatMap((lines) => {
    const [first] = lines;
    if (first === undefined) return [];
    const { over, data, student, at } = first;
    const metric = dataSets.find(({ name }) => name === data)?.metric ?? 'score';
    const fixed = over === 'stages' ? `budget ${at}` : at;
    return [
      figure(
        {
          title: `${data}: macro ${metric} over ${over === 'stages' ? 'the number of stages' : 'the budget'}`,
          caption: `Student ${student}, ${fixed}. Bars are one standard deviation over seeds; a point without has one seed.`,
          label: `Line chart of macro by ${over}: ${lines.map(({ method, points }) => `${method} ${points.map(({ x, macro }) => `${spreadText(macro)} at ${x}`).join(', ')}`).join('; ')}.`,
        },
        curveOptions(lines, looks, metric),
      ),
    ];
  });
}

function curveOptions(
  lines: readonly Curve[],
  looks: ReadonlyMap<string, MethodLook>,
  metric: string,
): Plot.PlotOptions {
  const over = lines[0]?.over ?? 'stages';
  const points = lines.flatMap(({ method, points: own }) =>
    own.map(({ x, macro: { mean, deviation } }) => ({
      method,
      x,
      mean,
      low: mean - (deviation ?? 0),
      high: mean + (deviation ?? 0),
    })),
  );
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const lookOf = (method: string): MethodLook =>
    looks.get(method) ?? { fill: colour.ink, symbol: 'circle', dash: '1 0' };
  const names = lines.map(({ method, points: own }) => ({
    text: shortened(method, 20),
    value: own.at(-1)?.macro.mean ?? 0,
    fill: lookOf(method).fill,
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
    marginRight: ends.room,
    x: {
      ...below(over === 'stages' ? 'stages (K)' : 'slots (B)'),
      inset: 6,
      ticks: xs.length <= 6 ? xs : 5,
      tickFormat: (x: number) => count(x),
    },
    y: { label: `macro ${metric}`, grid: true, nice: true, ticks: 5 },
    marks: [
      ...lines.flatMap(({ method }) => {
        const { fill, symbol, dash } = lookOf(method);
        const own = points.filter((point) => point.method === method);
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
