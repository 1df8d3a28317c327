/** Scores for people: the figures first, then groups, then every domain. */
import type { Metrics } from '../../contracts/metrics.ts';
import { terminalLine } from '../terminal-text.ts';
import { tableOf } from './table.ts';
import { score } from './words.ts';

export function metricsText({ metric, macro, micro, interval, rows, invalid, groups, domains }: Metrics): string {
  return [
    `macro ${metric} ${score(macro)} (95 % interval ${score(interval.low)} to ${score(interval.high)}), micro ${score(micro)}`,
    `${rows} rows, ${invalid} without a valid answer`,
    tableOf(
      ['group', 'domains', 'rows', 'macro'],
      groups.map((group) => [group.group, String(group.domains), String(group.rows), score(group.macro)]),
    ),
    tableOf(
      ['domain', 'group', 'pool', 'rows', metric],
      domains.map(({ domain, group, pool, support, scored, score: value }) => [
        terminalLine(domain),
        group,
        String(pool),
        String(support),
        scored ? score(value) : 'unscored',
      ]),
    ),
  ].join('\n');
}
