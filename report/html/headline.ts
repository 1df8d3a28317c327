/** The head of a run's page: the final score with its interval, and the cost. */
import type { Report } from '../../contracts/report.ts';
import { datasetOf } from '../../contracts/run/run-description.ts';
import { markup } from './markup.ts';
import type { Markup } from './markup.ts';
import { lastScores } from './scored.ts';
import { count, dollars, duration, score } from './format.ts';
import { tile } from './tile.ts';
import { metricName } from '../metric-names.ts';
import { unpricedNotes } from '../unpriced-notes.ts';

export function headline(report: Report): Markup {
  const { spec } = report;
  return markup`<h1>${report.run}</h1>
    <p class="quiet">
      ${spec.method} on ${datasetOf(spec)}, ${spec.stages === 1 ? 'one stage' : `${spec.stages} stages`}, seed ${spec.seed}.
      <strong>${report.status}</strong> after ${duration(report.seconds)}, started
      ${report.startedAt.slice(0, 16).replace('T', ' ')} UTC.
    </p>
    ${simulationNote(report.simulated, 'These scores show that the pipeline works, not how good a real student would be.')}
    <dl class="tiles">${scoreTiles(report)}${costTiles(report)}</dl>`;
}

/** Names the simulated parts and what the scores mean then; null if no part is simulated. */
export function simulationNote(parts: readonly string[], meaning: string): Markup | null {
  if (parts.length === 0) return null;
  return markup`<p class="note"><strong>Not real models:</strong> ${parts.join(', ')}. ${meaning}</p>`;
}

function scoreTiles(report: Report): Markup {
  const last = lastScores(report);
  if (last === null) return tile('macro', '–', 'This run was not evaluated.');
  const { split, metrics } = last;
  const { low, high } = metrics.interval;
  return markup`${tile(`macro ${metricName(metrics.metric)}, ${split}`, score(metrics.macro), `95 % interval ${score(low)} to ${score(high)}`)}${tile(
    `micro, ${split}`,
    score(metrics.micro),
    `${count(metrics.rows)} rows, ${count(metrics.invalid)} without a valid answer`,
  )}`;
}

function costTiles({ ledger, spec }: Report): Markup {
  const { money } = ledger;
  return markup`${tile(
    'teacher calls charged',
    count(ledger.charged),
    `of ${count(ledger.limit)}; ${count(ledger.cached)} from the ledger, ${count(ledger.forfeited)} forfeited`,
  )}${tile('slots', count(spec.budget.slots), 'training examples requested')}${tile(
    'tokens',
    count(ledger.inputTokens + ledger.outputTokens),
    `${count(ledger.inputTokens)} in, ${count(ledger.outputTokens)} out`,
  )}${moneyTile(money.chargedMicroUsd, unpricedNotes({ ledger, spec }))}`;
}

/** Cost with an unknown price is never shown as free. */
function moneyTile(microUsd: number, unpriced: readonly string[]): Markup {
  if (unpriced.length === 0) return tile('money', dollars(microUsd), 'teacher and student');
  return tile('money', microUsd === 0 ? 'unknown' : `over ${dollars(microUsd)}`, unpriced.join('; '));
}
