/** The tables of a run's page: stages, domains, groups, metrics, budget. */
import type { Metrics } from '../../contracts/metrics.ts';
import type { Report, StagePart } from '../../contracts/report.ts';
import { longText, rate, integer, text } from './columns.ts';
import { markup } from './markup.ts';
import type { Content, Markup } from './markup.ts';
import { domainsOf, lastScores } from './scored.ts';
import { factTable, sortableTable } from './table.ts';
import type { Column } from './table.ts';
import { count, dollars } from './format.ts';
import { metricName } from '../metric-names.ts';
import { plannedRows } from '../estimate-rows.ts';
import { cancelledNote } from '../cancelled-note.ts';
import { rankedNote } from '../ranked-note.ts';
import { unpricedNotes } from '../unpriced-notes.ts';
import type { PlannedRow } from '../estimate-rows.ts';

export function stageTable({ stages }: Report): Markup {
  const skipped = stages.filter((stage) => stage.skipped.length > 0);
  const columns: Column<StagePart>[] = [
    integer('stage', ({ stage }) => stage),
    integer('slots', ({ counts }) => counts.slots),
    integer('real', ({ counts }) => counts.real),
    integer('synthetic', ({ counts }) => counts.synthetic),
    integer('repeated', ({ counts }) => counts.duplicated),
    integer('unfilled', ({ counts }) => counts.unfilled),
    integer('dropped', ({ counts }) => counts.dropped),
    rate('macro', ({ validation }) => validation?.macro ?? null),
    rate('micro', ({ validation }) => validation?.micro ?? null),
    { name: 'seconds', kind: 'number', cell: ({ seconds }) => seconds.toFixed(1), value: ({ seconds }) => seconds },
  ];
  return markup`<p class="quiet">Macro and micro are on validation.</p>
    ${sortableTable('Stages', columns, stages)}
  ${stages.flatMap(({ stage, ranked }) => (ranked === undefined ? [] : [markup`<p class="quiet">${rankedNote(stage, ranked)}</p>`]))}
  ${skipped.map(({ stage, skipped: steps }) => markup`<p>Stage ${stage} skipped steps that were blocked: ${steps.join(', ')}.</p>`)}
  ${stages.flatMap(({ stage, cancelled }) => (cancelled ? [markup`<p>${cancelledNote(stage)}</p>`] : []))}`;
}

interface DomainLine {
  readonly domain: string;
  readonly pool: number | null;
  readonly group: string;
  readonly short: boolean;
  readonly support: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly score: number | null;
  readonly real: number;
  readonly synthetic: number;
  readonly repeated: number;
}

export function domainTable(report: Report): Markup {
  const last = lastScores(report);
  const split = last?.split ?? 'test';
  const columns: Column<DomainLine>[] = [
    longText('domain', ({ domain, short }) => domain + (short ? ' †' : '')),
    text('group', ({ group }) => group),
    integer('rows in pool', ({ pool }) => pool),
    integer('real', ({ real }) => real),
    integer('synthetic', ({ synthetic }) => synthetic),
    integer('repeated', ({ repeated }) => repeated),
    integer(`rows in ${split}`, ({ support }) => support),
    // Only classification has precision and recall.
    ...(last?.metrics.domains.some(({ label }) => label !== null) === true
      ? [
          rate<DomainLine>('precision', ({ precision }) => precision),
          rate<DomainLine>('recall', ({ recall }) => recall),
        ]
      : []),
    rate(last === null ? 'score' : metricName(last.metrics.metric), ({ score: value }) => value),
  ];
  return markup`${sortableTable('Domains', columns, domainLines(report))}
    <p class="quiet">
      † fewer pool rows than a balanced share of the budget. A dash: no rows of this domain in ${split}, so it is not in
      macro.
    </p>`;
}

function domainLines(report: Report): DomainLine[] {
  const scores = new Map(lastScores(report)?.metrics.domains.map((domain) => [domain.domain, domain]) ?? []);
  const rows = new Map(report.data.domainRows.map(({ domain, rows: number }) => [domain, number]));
  const used = new Map<string, { real: number; synthetic: number; duplicated: number }>();
  for (const { domain, real, synthetic, duplicated } of report.stages.flatMap(({ outcomes }) => outcomes)) {
    const before = used.get(domain) ?? { real: 0, synthetic: 0, duplicated: 0 };
    used.set(domain, {
      real: before.real + real,
      synthetic: before.synthetic + synthetic,
      duplicated: before.duplicated + duplicated,
    });
  }
  return domainsOf(report).map((domain) => {
    const scored = scores.get(domain);
    const value = scored?.scored === true ? scored : null;
    return {
      domain,
      pool: rows.get(domain) ?? null,
      group: scored?.group ?? '–',
      short: scored?.short ?? false,
      support: scored?.support ?? null,
      precision: value?.label?.precision ?? null,
      recall: value?.label?.recall ?? null,
      score: value?.score ?? null,
      real: used.get(domain)?.real ?? 0,
      synthetic: used.get(domain)?.synthetic ?? 0,
      repeated: used.get(domain)?.duplicated ?? 0,
    };
  });
}

type GroupScore = Metrics['groups'][number];
type MetricFigures = Pick<Metrics, 'metric' | 'macro' | 'micro'> | NonNullable<Metrics['secondary']>[number];

export function groupTable(report: Report): Markup | null {
  const last = lastScores(report);
  if (last === null) return null;
  return sortableTable<GroupScore>(
    'Groups',
    [
      text('group', ({ group }) => group),
      integer('domains', ({ domains }) => domains),
      integer(`rows in ${last.split}`, ({ rows }) => rows),
      rate(`macro ${metricName(last.metrics.metric)}`, ({ macro }) => macro),
    ],
    last.metrics.groups,
  );
}

/** A table of all metrics of the task; null if the task has only one. */
export function metricTable(report: Report): Markup | null {
  const last = lastScores(report);
  const { secondary = [] } = last?.metrics ?? {};
  if (last === null || secondary.length === 0) return null;
  const { metric, macro, micro } = last.metrics;
  return sortableTable<MetricFigures>(
    'Metrics',
    [
      text(`metric, on ${last.split}`, (figures) => metricName(figures.metric)),
      rate('macro', (figures) => figures.macro),
      rate('micro', (figures) => figures.micro),
    ],
    [{ metric, macro, micro }, ...secondary],
  );
}

/** The estimate at the start of the run and the actual cost; null if no estimate was stored. */
export function plannedTable(report: Report): Markup | null {
  const rows = plannedRows(report);
  if (rows.length === 0) return null;
  return sortableTable<PlannedRow>(
    'Planned and actual',
    [
      text('item', ({ item }) => item),
      text('planned', ({ planned }) => planned),
      text('actual', ({ actual }) => actual),
    ],
    rows,
  );
}

const limit = (value: string | null): string => (value === null ? 'no limit' : `limit ${value}`);

/** Tokens and money: the worst case charged before sending, and the final charge. */
export function budgetTable(report: Report): Markup {
  const { ledger, spec } = report;
  const { tokens, money } = ledger;
  const facts: [string, Content][] = [
    ['slots (B)', count(spec.budget.slots)],
    ['call limit (L)', count(ledger.limit)],
    ['calls charged', count(ledger.charged)],
    ['answered and paid by this run', count(ledger.settled)],
    ['answered from the ledger', `${count(ledger.cached)}${spec.budget.cached === 'free' ? ', not counted' : ''}`],
    ['forfeited: outcome unknown, stays charged', count(ledger.forfeited)],
    ['recovered: answered late', count(ledger.recovered)],
    ['refused by the endpoint, given back', count(ledger.refused)],
    ['tokens in, out', `${count(ledger.inputTokens)}, ${count(ledger.outputTokens)}`],
    [
      'tokens charged before sending (worst case), in the end',
      `${count(tokens.planned)}, ${count(tokens.charged)}; ${limit(tokens.limit === null ? null : count(tokens.limit))}`,
    ],
    [
      'money charged before sending (worst case), in the end',
      `${dollars(money.plannedMicroUsd)}, ${dollars(money.chargedMicroUsd)}; ${limit(money.limitMicroUsd === null ? null : dollars(money.limitMicroUsd))}`,
    ],
    ['of this for the student', dollars(money.studentMicroUsd)],
    ...unpricedNotes(report).map((unknown): [string, Content] => ['unknown price', unknown]),
    ...Object.entries(ledger.unusable).map(([reason, number]): [string, Content] => [
      `answers with a flaw: ${reason}`,
      count(number),
    ]),
  ];
  return factTable('Budget', facts);
}
