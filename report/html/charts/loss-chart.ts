/** Chart of the student's training loss, one line per stage. */
import * as Plot from '@observablehq/plot';
import type { Report } from '../../../contracts/report.ts';
import { below, color, figure, figureHeight, figureWidth } from './chart.ts';
import type { Markup } from '../markup.ts';

/** Above this number of points a line is thinned. */
const mostPoints = 200;

/** Null if the endpoint reported no losses. */
export function lossChart({ stages }: Report): Markup | null {
  const withLosses = stages.filter(({ losses }) => losses.length > 0);
  if (withLosses.length === 0) return null;
  const lines = withLosses.map(({ stage, losses }, index) => {
    const every = Math.ceil(losses.length / mostPoints);
    const points = losses.filter((_, place) => place % every === 0 || place === losses.length - 1);
    // Later stages are drawn stronger, so that their order is visible without labels.
    return { stage, points, depth: 0.35 + 0.65 * ((index + 1) / withLosses.length) };
  });
  return figure(
    {
      title: 'Training loss of the student',
      caption:
        'As reported by the endpoint. The number at the end of a line is its stage. Each stage trains on the examples of all stages so far.',
      label: `Line chart of training loss by step for ${lines.length} stages; last losses: ${lines.map(({ stage, points }) => `stage ${stage} ${points.at(-1)?.loss.toPrecision(3)}`).join('; ')}.`,
    },
    {
      width: figureWidth,
      height: figureHeight,
      marginLeft: 46,
      marginTop: 28,
      marginBottom: 46,
      marginRight: 24,
      x: { ...below('training step'), ticks: 4 },
      y: { label: 'loss', grid: true, ticks: 5, zero: true, nice: true, tickFormat: short },
      marks: [
        ...lines.map(({ points, depth }) =>
          Plot.line(points, { x: 'step', y: 'loss', stroke: color.first, strokeOpacity: depth, strokeWidth: 2 }),
        ),
        ...lines.map(({ points, depth }) =>
          Plot.dot(points.slice(-1), { x: 'step', y: 'loss', fill: color.first, fillOpacity: depth, r: 3.5 }),
        ),
        ...lines.map(({ stage, points }) =>
          Plot.text(points.slice(-1), {
            x: 'step',
            y: 'loss',
            text: [String(stage)],
            fill: color.first,
            fontWeight: 600,
            dy: -11,
          }),
        ),
      ],
    },
  );
}

/** Formats a loss; very small ones as `8e-5`, which is shorter than `0.00008`. */
function short(loss: number): string {
  return loss !== 0 && Math.abs(loss) < 0.001 ? loss.toExponential(0) : String(Number(loss.toPrecision(3)));
}
