/** Charts of the budget over time: calls planned, charged, answered from the ledger and forfeited, and money. */
import * as Plot from '@observablehq/plot';
import type { Report } from '../../../contracts/report.ts';
import { below, color, figure, figureHeight, figureWidth } from './chart.ts';
import { endLabels } from './end-labels.ts';
import type { Markup } from '../markup.ts';
import { count, dollars } from '../format.ts';

/** Calls over time. `planned`: the slots of the stages started so far. */
export function callsChart(report: Report): Markup | null {
  const { points } = report.history;
  const last = points.at(-1);
  if (last === undefined) return null;
  const { unit, per } = unitOf(last.seconds);
  const planned = plannedSteps(report).map((point) => ({ ...point, time: point.seconds / per }));
  const timed = points.map((point) => ({ ...point, time: point.seconds / per }));
  const lines = [
    { name: 'charged', of: 'charged', fill: color.first, dash: '1 0' },
    { name: 'from ledger', of: 'cached', fill: color.third, dash: '2 3' },
    { name: 'forfeited', of: 'forfeited', fill: color.second, dash: '6 3' },
  ] as const;
  const shown = lines.filter(({ of }) => of === 'charged' || points.some((point) => point[of] > 0));
  const ends = endLabels(
    [
      ...shown.map(({ name, of, fill }) => ({ text: `${name} ${count(last[of])}`, value: last[of], fill })),
      { text: `planned ${count(planned.at(-1)?.slots ?? 0)}`, value: planned.at(-1)?.slots ?? 0, fill: color.quiet },
      { text: `limit ${count(last.limit)}`, value: last.limit, fill: color.quiet },
    ],
    [0, last.limit],
  );
  const summary = `${count(last.charged)} charged of a limit of ${count(last.limit)}, ${count(last.cached)} answered from the ledger, ${count(last.forfeited)} forfeited`;
  return figure(
    {
      title: 'Calls over time',
      caption: `The planned line shows the slots of the stages started so far. ${shown.length === lines.length ? '' : unusedLines(shown.map(({ of }) => of))}`,
      label: `Line chart of calls over ${last.seconds.toFixed(0)} seconds: ${summary}.`,
    },
    {
      ...timeAxis(unit),
      marginRight: ends.width,
      y: { label: 'calls', grid: true, ticks: 5, zero: true, tickFormat: (calls: number) => count(calls) },
      marks: [
        Plot.lineY(planned, { x: 'time', y: 'slots', curve: 'step-after', stroke: color.quiet }),
        Plot.lineY(timed, { x: 'time', y: 'limit', curve: 'step-after', stroke: color.quiet, strokeDasharray: '1 3' }),
        ...shown.map(({ of, fill, dash }) =>
          Plot.lineY(timed, {
            x: 'time',
            y: of,
            curve: 'step-after',
            stroke: fill,
            strokeWidth: 2,
            strokeDasharray: dash,
          }),
        ),
        ends.at(last.seconds / per),
      ],
    },
  );
}

/** Money over time; null if none was charged. */
export function moneyChart({ history, ledger }: Report): Markup | null {
  const last = history.points.at(-1);
  if (last === undefined || history.points.every(({ microUsd }) => microUsd === 0)) return null;
  const { unit, per } = unitOf(last.seconds);
  const timed = history.points.map(({ seconds, microUsd }) => ({ time: seconds / per, usd: microUsd / 1_000_000 }));
  const limit = ledger.money.limitMicroUsd;
  const ends = endLabels(
    [
      { text: dollars(last.microUsd), value: last.microUsd / 1_000_000, fill: color.first },
      ...(limit === null ? [] : [{ text: `limit ${dollars(limit)}`, value: limit / 1_000_000, fill: color.quiet }]),
    ],
    [0, (limit ?? last.microUsd) / 1_000_000],
  );
  return figure(
    {
      title: 'Money over time',
      caption: 'Charged to the run: the worst case of in-flight calls and the price of calls that ended.',
      label: `Line chart of money charged, ending at ${dollars(last.microUsd)}.`,
    },
    {
      ...timeAxis(unit),
      marginRight: ends.width,
      y: { label: 'USD', grid: true, ticks: 5, zero: true },
      marks: [
        Plot.lineY(timed, { x: 'time', y: 'usd', curve: 'step-after', stroke: color.first, strokeWidth: 2 }),
        ...(limit === null ? [] : [Plot.ruleY([limit / 1_000_000], { stroke: color.quiet, strokeDasharray: '1 3' })]),
        ends.at(last.seconds / per),
      ],
    },
  );
}

/** Planned slots over time: those of a stage count from the end of the stage before. */
function plannedSteps({ history, stages }: Report): { seconds: number; slots: number }[] {
  const end = history.points.at(-1)?.seconds ?? 0;
  let slots = 0;
  const steps = stages.map(({ stage, counts }) => {
    slots += counts.slots;
    const before = history.stages.find((closed) => closed.stage === stage - 1);
    return { seconds: stage === 0 ? 0 : (before?.seconds ?? end), slots };
  });
  return [...steps, { seconds: end, slots }];
}

function unusedLines(shown: readonly string[]): string {
  const none = [
    ...(shown.includes('cached') ? [] : ['No call was answered from the ledger']),
    ...(shown.includes('forfeited') ? [] : ['none was forfeited']),
  ].join(', ');
  return `${none.charAt(0).toUpperCase()}${none.slice(1)}.`;
}

function unitOf(seconds: number): { unit: string; per: number } {
  if (seconds < 180) return { unit: 'seconds', per: 1 };
  return seconds < 10_800 ? { unit: 'minutes', per: 60 } : { unit: 'hours', per: 3600 };
}

function timeAxis(unit: string) {
  return {
    width: figureWidth,
    height: figureHeight,
    marginLeft: 50,
    marginTop: 28,
    marginBottom: 46,
    x: { ...below(`${unit} since the start`), ticks: 5 },
  } as const;
}
