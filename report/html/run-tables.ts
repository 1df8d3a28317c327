/** The tables of a run's page: stages, domains, budget. */
import type { Metrics } from '../../contracts/metrics.ts';
import type { Report, StagePart } from '../../contracts/report.ts';
import { prose, rate, whole, words } from './columns.ts';
import { markup } from './markup.ts';
import type { Content, Markup } from './markup.ts';
import { domainsOf, lastScores } from './scored.ts';
import { factTable, sortableTable } from './table.ts';
import type { Column } from './table.ts';
import { count, dollars } from './words.ts';
import { metricWord } from '../metric-words.ts';
import { plannedRows } from '../estimate-rows.ts';
import { cancelledWords } from '../cancelled-words.ts';
import { rankedWords } from '../ranked-words.ts';
import { unpricedWords } from '../unpriced-words.ts';
import type { PlannedRow } from '../estimate-rows.ts';

export function stageTable({ stages }: Report): Markup {
  const skipped = stages.filter((stage) => stage.skipped.length > 0);
  const columns: Column<StagePart>[] = [
    whole('stage', ({ stage }) => stage),
    whole('slots', ({ counts }) => counts.slots),
    whole('real', ({ counts }) => counts.real),
    whole('synthetic', ({ counts }) => counts.synthetic),
    whole('repeated', ({ counts }) => counts.duplicated),
    whole('unfilled', ({ counts }) => counts.unfilled),
    whole('dropped', ({ counts }) => counts.dropped),
    rate('macro', ({ validation }) => validation?.macro ?? null),
    rate('micro', ({ validation }) => validation?.micro ?? null),
    { name: 'seconds', kind: 'number', cell: ({ seconds }) => seconds.toFixed(1), value: ({ seconds }) => seconds },
  ];
  return markup`<p class="quiet">Macro and micro are those of validation.</p>
    ${sortableTable('Stages', columns, stages)}
  ${stages.flatMap(({ stage, ranked }) => (ranked === undefined ? [] : [markup`<p class="quiet">${rankedWords(stage, ranked)}</p>`]))}
  ${skipped.map(({ stage, skipped: steps }) => markup`<p>Stage ${stage} went on without a step that was blocked: ${steps.join(', ')}.</p>`)}
  ${stages.flatMap(({ stage, cancelled }) => (cancelled ? [markup`<p>${cancelledWords(stage)}</p>`] : []))}`;
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
    prose('domain', ({ domain, short }) => domain + (short ? ' †' : '')),
    words('group', ({ group }) => group),
    whole('rows in pool', ({ pool }) => pool),
    whole('real', ({ real }) => real),
    whole('synthetic', ({ synthetic }) => synthetic),
    whole('repeated', ({ repeated }) => repeated),
    whole(`rows in ${split}`, ({ support }) => support),
    // Only classification has them.
    ...(last?.metrics.domains.some(({ label }) => label !== null) === true
      ? [
          rate<DomainLine>('precision', ({ precision }) => precision),
          rate<DomainLine>('recall', ({ recall }) => recall),
        ]
      : []),
    rate(last === null ? 'score' : metricWord(last.metrics.metric), ({ score: value }) => value),
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
      words('group', ({ group }) => group),
      whole('domains', ({ domains }) => domains),
      whole(`rows in ${last.split}`, ({ rows }) => rows),
      rate(`macro ${metricWord(last.metrics.metric)}`, ({ macro }) => macro),
    ],
    last.metrics.groups,
  );
}

/** The metric and the further figures of its task beside it; null where the task has one metric alone. */
export function metricTable(report: Report): Markup | null {
  const last = lastScores(report);
  const { secondary = [] } = last?.metrics ?? {};
  if (last === null || secondary.length === 0) return null;
  const { metric, macro, micro } = last.metrics;
  return sortableTable<MetricFigures>(
    'Metrics',
    [
      words(`metric, on ${last.split}`, (figures) => metricWord(figures.metric)),
      rate('macro', (figures) => figures.macro),
      rate('micro', (figures) => figures.micro),
    ],
    [{ metric, macro, micro }, ...secondary],
  );
}

/** What was expected when the run began, beside what came of it; null where nothing was kept of that. */
export function plannedTable(report: Report): Markup | null {
  const rows = plannedRows(report);
  if (rows.length === 0) return null;
  return sortableTable<PlannedRow>(
    'Planned and actual',
    [
      words('what', ({ what }) => what),
      words('planned', ({ planned }) => planned),
      words('actual', ({ actual }) => actual),
    ],
    rows,
  );
}

const limit = (value: string | null): string => (value === null ? 'no limit' : `limit ${value}`);

/** Planned is the worst case that was charged before sending; charged what stood in the ledger at the end. */
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
    ...unpricedWords(report).map((unknown): [string, Content] => ['not known', unknown]),
    ...Object.entries(ledger.unusable).map(([reason, number]): [string, Content] => [
      `answers with a flaw: ${reason}`,
      count(number),
    ]),
  ];
  return factTable('Budget', facts);
}
