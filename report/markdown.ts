/** The Markdown report of a run. */
import type { Metrics } from '../contracts/metrics.ts';
import type { Report, StagePart } from '../contracts/report.ts';
import { usdText } from '../domain/budget/cost.ts';
import { plannedCalls } from '../domain/budget/needed-calls.ts';
import { cell, fraction, share, table } from './markdown-table.ts';
import { metricName } from './metric-names.ts';
import { plannedRows } from './estimate-rows.ts';
import { cancelledNote } from './cancelled-note.ts';
import { rankedNote } from './ranked-note.ts';
import { promptNote } from './prompt-note.ts';
import { unpricedNotes } from './unpriced-notes.ts';

export function markdownReport(report: Report): string {
  // A run that trains nothing has neither stages nor quotas.
  const trained = report.stages.length > 0;
  const parts = [heading(report), budget(report), ...plannedAndActual(report)];
  if (trained) parts.push(stages(report));
  parts.push(scores(report));
  if (trained) parts.push(quotas(report));
  return `${[...parts, settings(report)].join('\n\n')}\n`;
}

function heading(report: Report): string {
  const lines = [`# ${cell(report.run)}`, ''];
  lines.push(
    `**${report.status}** after ${report.seconds} s, started ${report.startedAt}, method \`${report.spec.method}\`.`,
  );
  if (report.test !== null) {
    const { macro, micro, interval, metric, secondary = [] } = report.test;
    const more = secondary.map(
      (score) => `, ${metricName(score.metric)} ${share(score.macro)} macro, ${share(score.micro)} micro`,
    );
    lines.push(
      '',
      `**Test: macro ${metricName(metric)} ${share(macro)}** (95 % interval ${share(interval.low)} to ${share(interval.high)}), micro ${share(micro)}${more.join('')}.`,
    );
  }
  if (report.simulated.length > 0) {
    lines.push(
      '',
      `> Not real models: ${report.simulated.join(', ')}. These scores show that the pipeline works, not how good a real student would be.`,
    );
  }
  return lines.join('\n');
}

function budget(report: Report): string {
  const { spec, ledger, stages: parts } = report;
  const sum = (of: (part: StagePart) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return [
    '## Budget',
    '',
    table(
      ['item', 'count'],
      [
        ['slots (B)', spec.budget.slots],
        [
          `filled with real rows${spec.switches.rationale === 'none' ? ' (no call)' : ''}`,
          sum(({ counts }) => counts.real),
        ],
        ['filled with synthetic rows', sum(({ counts }) => counts.synthetic)],
        ['filled with repeated rows (no call)', sum(({ counts }) => counts.duplicated)],
        ['unfilled', sum(({ counts }) => counts.unfilled)],
        ['calls planned, at most', plannedCalls(spec.switches, spec.budget.slots, spec.stages)],
        ['call limit (L)', ledger.limit],
        ['calls charged', ledger.charged],
        ['of these settled by this run', ledger.settled],
        ['of these answered from the ledger', ledger.cached],
        ['forfeited (outcome unknown, stays charged)', ledger.forfeited],
        ['recovered (answered late)', ledger.recovered],
        ['refused by the endpoint, given back', ledger.refused],
        ['tokens in / out', `${ledger.inputTokens} / ${ledger.outputTokens}`],
        ...currencies(report),
        ...Object.entries(ledger.unusable).map(([reason, count]): [string, number] => [
          `answers with a flaw: ${reason}`,
          count,
        ]),
      ],
    ),
  ].join('\n');
}

/** The estimate at the start of the run and the actual cost. */
function plannedAndActual(report: Report): string[] {
  const rows = plannedRows(report);
  if (rows.length === 0) return [];
  const cells = rows.map((row) => [row.item, row.planned, row.actual]);
  return [['## Planned and actual', '', table(['item', 'planned', 'actual'], cells)].join('\n')];
}

/** The worst case charged before sending, and the final charge. */
function currencies(report: Report): [string, string][] {
  const { tokens, money } = report.ledger;
  const unknown = unpricedNotes(report)
    .map((words) => `, and ${words}`)
    .join('');
  const tokenLimit = tokens.limit === null ? '' : `, limit ${tokens.limit}`;
  const moneyLimit = money.limitMicroUsd === null ? '' : `, limit ${usdText(money.limitMicroUsd)} USD`;
  const [planned, actual] = [usdText(money.plannedMicroUsd), usdText(money.chargedMicroUsd)];
  const rows: [string, string][] = [
    ['tokens charged before sending (worst case) / actual', `${tokens.planned} / ${tokens.charged}${tokenLimit}`],
    ['money charged before sending (worst case) / actual', `${planned} / ${actual} USD${moneyLimit}${unknown}`],
  ];
  if (money.studentMicroUsd > 0) rows.push(['of this for the student', `${usdText(money.studentMicroUsd)} USD`]);
  return rows;
}

function stages({ stages: parts }: Report): string {
  return [
    '## Stages',
    '',
    table(
      [
        'stage',
        'slots',
        'real',
        'synthetic',
        'repeated',
        'unfilled',
        'dropped',
        'validation macro',
        'micro',
        'seconds',
      ],
      parts.map(({ stage, counts, validation, seconds }) => [
        stage,
        counts.slots,
        counts.real,
        counts.synthetic,
        counts.duplicated,
        counts.unfilled,
        counts.dropped,
        validation === null ? '–' : share(validation.macro),
        validation === null ? '–' : share(validation.micro),
        fraction(seconds, 1),
      ]),
    ),
    ...parts.flatMap(({ stage, ranked }) => (ranked === undefined ? [] : ['', rankedNote(stage, ranked)])),
    ...parts.flatMap(({ stage, skipped }) =>
      skipped.length === 0 ? [] : ['', `Stage ${stage} skipped steps that were blocked: ${skipped.join(', ')}.`],
    ),
    ...parts.flatMap(({ stage, cancelled }) => (cancelled ? ['', cancelledNote(stage)] : [])),
  ].join('\n');
}

function scores({ test, stages: parts }: Report): string {
  const metrics = test ?? parts.findLast(({ validation }) => validation !== null)?.validation ?? null;
  if (metrics === null) return '## Scores\n\nThis run was not evaluated.';
  const labeled = metrics.domains.some(({ label }) => label !== null);
  return [
    `## Scores on ${test === null ? 'validation' : 'test'} (${metrics.rows} rows, ${metrics.invalid} without a valid answer)`,
    '',
    ...metricsTable(metrics),
    groups(metrics),
    '',
    table(
      ['domain', 'group', 'pool', 'rows', ...(labeled ? ['precision', 'recall'] : []), metricName(metrics.metric)],
      metrics.domains.map(({ domain, group, pool, support, label, score, scored, short }) => [
        cell(domain) + (short ? ' †' : ''),
        group,
        pool,
        support,
        ...(labeled ? [label?.precision, label?.recall].map((part) => (scored ? share(part ?? 0) : '–')) : []),
        scored ? share(score) : 'unscored',
      ]),
    ),
    '',
    '† fewer pool rows than a balanced share of the budget.',
  ].join('\n');
}

/** A table of all metrics of the task; empty if the task has only one. */
function metricsTable({ metric, macro, micro, secondary: others = [] }: Metrics): string[] {
  if (others.length === 0) return [];
  const rows = [{ metric, macro, micro }, ...others].map((figures) => [
    metricName(figures.metric),
    share(figures.macro),
    share(figures.micro),
  ]);
  return [table(['metric', 'macro', 'micro'], rows), ''];
}

function groups({ groups: parts, metric }: Metrics): string {
  return table(
    ['group', 'domains', 'rows', `macro ${metricName(metric)}`],
    parts.map(({ group, domains, rows, macro }) => [group, domains, rows, macro === null ? '–' : share(macro)]),
  );
}

/** Per domain and stage: quota = real + synthetic + repeated + unfilled. */
function quotas({ stages: parts }: Report): string {
  const domains = [...new Set(parts.flatMap(({ outcomes }) => outcomes.map(({ domain }) => domain)))];
  const rows = domains.map((domain) => [
    cell(domain),
    ...parts.map(({ outcomes }) => {
      const outcome = outcomes.find((candidate) => candidate.domain === domain);
      if (outcome === undefined) return '0';
      const unfilled = Object.values(outcome.unfilled).reduce((a, b) => a + b, 0);
      const marks = [
        outcome.synthetic > 0 ? `${outcome.synthetic}s` : '',
        outcome.duplicated > 0 ? `${outcome.duplicated}d` : '',
        unfilled > 0 ? `${unfilled}u` : '',
      ].filter((mark) => mark !== '');
      return marks.length === 0 ? String(outcome.quota) : `${outcome.quota} (${marks.join(' ')})`;
    }),
  ]);
  return [
    '## Quotas per stage and domain',
    '',
    'Slots of each stage; in parentheses how many of them were synthetic (s), repeated (d) or unfilled (u).',
    '',
    table(['domain', ...parts.map(({ stage }) => `stage ${stage}`)], rows),
  ].join('\n');
}

function settings(report: Report): string {
  const { spec, data } = report;
  return [
    '## Settings',
    '',
    table(
      ['setting', 'value'],
      [
        ['data', `${data.pool} pool, ${data.validation} validation, ${data.test} test rows; ${data.domains} domains`],
        [
          'dropped by prepare',
          `${data.duplicatesDropped} duplicates, ${data.leaksDropped} rows that occur in a held-out split`,
        ],
        ['domains without test rows', data.unscored.length === 0 ? 'none' : data.unscored.map(cell).join(', ')],
        ['teacher', cell(report.teacherModel ?? 'none')],
        ['student', cell(report.studentModel ?? 'none')],
        ['stages (K)', spec.stages],
        ['seed', spec.seed],
        ['prompts', `${report.prompts.version}, sha256 ${report.prompts.sha256.slice(0, 12)}${promptNote(report)}`],
        ['versions', `baldistill ${report.versions.baldistill}, Node ${report.versions.node}`],
        ...Object.entries(spec.switches).map(([key, value]): [string, string] => [`switch ${key}`, String(value)]),
      ],
    ),
  ].join('\n');
}
