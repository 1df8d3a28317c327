/** Chart of the score of each domain against its rows in the pool. */
import * as Plot from '@observablehq/plot';
import type { Report } from '../../../contracts/report.ts';
import { groupBorders } from '../../../domain/metrics/reporting-groups.ts';
import { below, color, figure, figureHeight, figureWidth } from './chart.ts';
import { visible } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { groupStyles } from './group-styles.ts';
import { lastScores } from '../scored.ts';
import { count, score } from '../format.ts';
import { metricName } from '../../metric-names.ts';

export function frequencyChart(report: Report): Markup | null {
  const last = lastScores(report);
  if (last === null) return null;
  const { split, metrics } = last;
  const points = metrics.domains
    .filter(({ scored }) => scored)
    .map((domain) => ({ ...domain, pool: Math.max(domain.pool, 1) }));
  const scoreName = metricName(metrics.metric);
  if (points.length === 0) return null;
  // Computed over all domains of the pool, scored or not; over all labels if labels are scored.
  const { head, tail } = groupBorders(metrics.domains.flatMap(({ pool }) => (pool > 0 ? [pool] : [])));
  const borders = [
    { at: tail, name: 'tail', anchor: 'end' },
    { at: head, name: 'head', anchor: 'start' },
  ] as const;
  const rarest = Math.min(...points.map(({ pool }) => pool));
  return figure(
    {
      title: `${scoreName} by frequency`,
      caption: `Each domain on ${split} against its rows in the pool; the dashed line is macro. Head: at least an equal share of the pool. Tail: less than half of that.`,
      label: `Scatter plot of ${points.length} domains: ${split} ${scoreName} against rows in the pool.`,
    },
    {
      width: figureWidth,
      height: figureHeight,
      marginLeft: 46,
      marginBottom: 46,
      marginTop: 32,
      marginRight: 16,
      x: {
        type: 'log',
        ...below('rows in the pool (log scale)'),
        ticks: 4,
        tickFormat: (rows: number) => count(rows),
      },
      y: { label: scoreName, domain: [0, 1], grid: true, ticks: 5 },
      marks: [
        ...borders
          .filter(({ at }) => at > rarest)
          .flatMap(({ at, name, anchor }) => [
            Plot.ruleX([at], { stroke: color.quiet, strokeOpacity: 0.5 }),
            Plot.text([name], {
              x: [at],
              frameAnchor: 'top',
              textAnchor: anchor,
              dx: anchor === 'end' ? -3 : 3,
              dy: -18,
              fill: color.quiet,
            }),
          ]),
        Plot.ruleY([metrics.macro], { stroke: color.ink, strokeDasharray: '4 4' }),
        ...(['head', 'middle', 'tail'] as const).map((group) =>
          Plot.dot(
            points.filter((point) => point.group === group),
            {
              x: 'pool',
              y: 'score',
              symbol: groupStyles[group].symbol,
              fill: groupStyles[group].fill,
              fillOpacity: 0.75,
              r: 3.5,
              title: ({ domain, pool, score: value, support }) =>
                `${visible(domain)} (${group}): ${score(value)}, ${count(pool)} rows in the pool, ${count(support)} in ${split}`,
            },
          ),
        ),
      ],
    },
  );
}
