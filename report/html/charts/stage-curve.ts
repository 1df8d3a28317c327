/** Charts of the scores over the stages: macro and micro, and the reporting groups. */
import * as Plot from '@observablehq/plot';
import type { Metrics } from '../../../contracts/metrics.ts';
import type { Report } from '../../../contracts/report.ts';
import { below, color, figure, figureHeight, figureWidth } from './chart.ts';
import { endLabels } from './end-labels.ts';
import { groupStyles } from './group-styles.ts';
import type { Markup } from '../markup.ts';
import { scoredStages } from '../scored.ts';
import type { ScoredStage } from '../scored.ts';
import { score, signed } from '../format.ts';
import { metricName } from '../../metric-names.ts';

/** Macro with its interval and micro on validation after every stage; macro on test after the last stage. */
export function stageCurve(report: Report): Markup | null {
  const scored = scoredStages(report);
  const last = scored.at(-1);
  if (last === undefined) return null;
  const scoreName = metricName(last.metrics.metric);
  const points = scored.map(({ stage, metrics: { macro, micro, interval } }) => ({ stage, macro, micro, ...interval }));
  // The test point is a little to the right of the last stage.
  const beyond = report.test === null ? 0 : scored.length === 1 ? 0.15 : 0.5;
  const test = report.test === null ? [] : [{ stage: last.stage + beyond, ...report.test }];
  const ends = endLabels(
    [
      { text: `macro ${score(last.metrics.macro)}`, value: last.metrics.macro, fill: color.first },
      { text: `micro ${score(last.metrics.micro)}`, value: last.metrics.micro, fill: color.second },
      ...test.map(({ macro }) => ({ text: `test ${score(macro)}`, value: macro, fill: color.ink })),
    ],
    range(points.flatMap(({ low, high, micro }) => [low, high, micro])),
  );
  return figure(
    {
      title: `Macro and micro ${scoreName} after each stage`,
      caption: `Validation; the band is the 95 % bootstrap interval of macro.${test.length > 0 ? ' The last point is macro on test.' : ''}`,
      label: `Line chart of validation scores by stage: ${points.map(({ stage, macro, micro }) => `stage ${stage} macro ${score(macro)}, micro ${score(micro)}`).join('; ')}.`,
    },
    {
      ...stageAxis(scored, beyond),
      marginRight: ends.width,
      y: { label: scoreName, grid: true, nice: true, ticks: 5 },
      marks: [
        ...(points.length === 1
          ? [Plot.ruleX(points, { x: 'stage', y1: 'low', y2: 'high', stroke: color.first })]
          : []),
        Plot.areaY(points, { x: 'stage', y1: 'low', y2: 'high', fill: color.first, fillOpacity: 0.15 }),
        Plot.lineY(points, { x: 'stage', y: 'macro', stroke: color.first, strokeWidth: 2 }),
        Plot.lineY(points, { x: 'stage', y: 'micro', stroke: color.second, strokeWidth: 2, strokeDasharray: '5 3' }),
        Plot.dot(points, { x: 'stage', y: 'macro', fill: color.first, r: 3.5 }),
        Plot.dot(points, { x: 'stage', y: 'micro', fill: color.second, symbol: 'square', r: 3 }),
        Plot.ruleX(test, { x: 'stage', y1: ({ interval }) => interval.low, y2: ({ interval }) => interval.high }),
        Plot.dot(test, { x: 'stage', y: 'macro', fill: color.ink, symbol: 'diamond', r: 4.5 }),
        ends.at(last.stage + beyond),
      ],
    },
  );
}

/** Macro of head, middle and tail over the stages. */
export function groupCurve(report: Report): Markup | null {
  const scored = scoredStages(report);
  const last = scored.at(-1);
  if (last === undefined) return null;
  const scoreName = metricName(last.metrics.metric);
  const groups = last.metrics.groups.filter(({ macro }) => macro !== null).map(({ group }) => group);
  const points = scored.flatMap(({ stage, metrics }) =>
    metrics.groups.flatMap(({ group, macro }) => (macro === null ? [] : [{ stage, group, macro }])),
  );
  const ends = endLabels(
    points
      .filter(({ stage }) => stage === last.stage)
      .map(({ group, macro }) => ({ text: `${group} ${score(macro)}`, value: macro, fill: groupStyles[group].fill })),
    range(points.map(({ macro }) => macro)),
  );
  return figure(
    {
      title: 'Head and tail',
      caption: `Macro ${scoreName} of head, middle and tail domains on validation. ${gapText(report)}`,
      label: `Line chart of validation macro by stage and group: ${points.map(({ stage, group, macro }) => `stage ${stage} ${group} ${score(macro)}`).join('; ')}.`,
    },
    {
      ...stageAxis(scored, 0),
      marginRight: ends.width,
      y: { label: `macro ${scoreName}`, grid: true, nice: true, ticks: 5 },
      marks: [
        ...groups.flatMap((group) => {
          const { fill, symbol, dash } = groupStyles[group];
          const own = points.filter((point) => point.group === group);
          return [
            Plot.lineY(own, { x: 'stage', y: 'macro', stroke: fill, strokeWidth: 2, strokeDasharray: dash }),
            Plot.dot(own, { x: 'stage', y: 'macro', fill, symbol, r: 3.5 }),
          ];
        }),
        ends.at(last.stage),
      ],
    },
  );
}

/** Head minus tail after the first and the last scored stage, and on test. */
function gapText(report: Report): string {
  const scored = scoredStages(report);
  const gaps = [
    ...[scored[0], scored.length > 1 ? scored.at(-1) : undefined].map((one) => ({
      of: `after stage ${one?.stage}`,
      gap: one === undefined ? null : gapOf(one.metrics),
    })),
    { of: 'on test', gap: report.test === null ? null : gapOf(report.test) },
  ].flatMap(({ of, gap }) => (gap === null ? [] : [`${signed(gap)} ${of}`]));
  return gaps.length === 0 ? '' : `Head minus tail: ${gaps.join(', ')}.`;
}

function gapOf({ groups }: Metrics): number | null {
  const macroOf = (wanted: string): number | null => groups.find(({ group }) => group === wanted)?.macro ?? null;
  const [head, tail] = [macroOf('head'), macroOf('tail')];
  return head === null || tail === null ? null : head - tail;
}

/** One tick per stage, at most twelve. */
function stageAxis(scored: readonly ScoredStage[], beyond: number) {
  const stages = scored.map(({ stage }) => stage);
  const step = Math.ceil(stages.length / 12);
  return {
    width: figureWidth,
    height: figureHeight,
    marginLeft: 46,
    marginTop: 28,
    marginBottom: 46,
    x: {
      ...below('stage'),
      domain: [Math.min(...stages) - 0.15, Math.max(...stages) + beyond + 0.15],
      ticks: stages.filter((_, index) => index % step === 0),
      tickFormat: (stage: number) => String(stage),
    },
  } as const;
}

const range = (values: readonly number[]): readonly [number, number] => [Math.min(...values), Math.max(...values)];
