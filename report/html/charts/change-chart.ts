/** Scores of each domain after the first and after the last scored stage. */
import * as Plot from '@observablehq/plot';
import type { Report } from '../../../contracts/report.ts';
import { below, color, figure, figureWidth } from './chart.ts';
import { markup, visible } from '../markup.ts';
import type { Markup } from '../markup.ts';
import { axisWidth, shownRows, nameScale, panels, rowHeight } from './panels.ts';
import { domainsOf, scoredStages } from '../scored.ts';
import { score } from '../format.ts';
import { metricName } from '../../metric-names.ts';

interface Change {
  readonly domain: string;
  readonly before: number;
  readonly after: number;
}

/** Null if fewer than two stages were scored. */
export function changeChart(report: Report): Markup | null {
  const scored = scoredStages(report);
  const [first, last] = [scored[0], scored.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const before = new Map(first.metrics.domains.map((domain) => [domain.domain, domain]));
  const after = new Map(last.metrics.domains.map((domain) => [domain.domain, domain]));
  const changes = domainsOf(report).flatMap((domain): Change[] => {
    const [from, to] = [before.get(domain), after.get(domain)];
    return from?.scored && to?.scored ? [{ domain, before: from.score, after: to.score }] : [];
  });
  const { rows: drawn, note } = shownRows(changes);
  const scoreName = metricName(last.metrics.metric);
  const room = axisWidth(drawn.map(({ domain }) => domain));
  const up = changes.filter((change) => change.after > change.before).length;
  const down = changes.filter((change) => change.after < change.before).length;
  return markup`<p>
      Validation ${scoreName} of each domain after stage ${first.stage} (ring) and after stage ${last.stage} (dot), the
      most frequent domain first. Blue: higher (${up}), orange: lower (${down}). ${note}
    </p>
    <div class="figures">
      ${panels(drawn).map((panel, index, all) =>
        figure(
          {
            title: `Stage ${first.stage} to stage ${last.stage}${all.length > 1 ? `, part ${index + 1} of ${all.length}` : ''}`,
            caption: null,
            label: `Dot plot, ${scoreName} by domain: ${panel.map((change) => `${change.domain} from ${score(change.before)} to ${score(change.after)}`).join('; ')}.`,
          },
          panelOptions(panel, room, scoreName),
        ),
      )}
    </div>`;
}

function panelOptions(panel: readonly Change[], room: number, scoreName: string): Plot.PlotOptions {
  const rows = panel.map((change, place) => ({
    ...change,
    place,
    fill: change.after === change.before ? color.quiet : change.after > change.before ? color.first : color.second,
  }));
  const title = ({ domain, before, after }: Change): string =>
    `${visible(domain)}: ${score(before)} to ${score(after)}`;
  return {
    width: figureWidth,
    height: rows.length * rowHeight + 54,
    marginLeft: room,
    marginTop: 8,
    marginBottom: 46,
    marginRight: 12,
    x: {
      domain: [0, 1],
      ...below(scoreName),
      grid: true,
      ticks: 5,
    },
    y: nameScale(rows.map(({ domain }) => domain)),
    marks: [
      Plot.link(rows, { x1: 'before', x2: 'after', y: 'place', stroke: 'fill', strokeWidth: 2, strokeOpacity: 0.6 }),
      Plot.dot(rows, {
        x: 'before',
        y: 'place',
        r: 3.5,
        stroke: 'fill',
        fill: 'var(--paper)',
        strokeWidth: 1.5,
        title,
      }),
      Plot.dot(rows, { x: 'after', y: 'place', r: 3.5, fill: 'fill', title }),
    ],
  };
}
