/** Scores of an evaluation, classification's here. Shares are in [0, 1]. */
import { bootstrapMacro } from '../statistics/bootstrap.ts';
import type { Interval } from '../statistics/interval.ts';
import { labelShares } from './macro-shares.ts';
import { reportingGroups, shortOfBalancedShare } from './reporting-groups.ts';
import type { ReportingGroup } from './reporting-groups.ts';

export interface LabelScore {
  readonly domain: string;
  /** Gold rows, predicted rows, and rows that are both. */
  readonly support: number;
  readonly predicted: number;
  readonly correct: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** What the score of a domain is: F1 of its label, or the mean over its rows of accuracy, word F1 or exact match. */
export type MetricName = 'f1' | 'accuracy' | 'word-f1' | 'exact-match';

export interface DomainScore {
  readonly domain: string;
  /** Its rows in the split. */
  readonly support: number;
  readonly score: number;
  /** Where the domains are labels; null where each row is scored by itself. */
  readonly label: Omit<LabelScore, 'domain' | 'support' | 'f1'> | null;
  /** False where the split holds no row of it: it is listed, and is no part of macro. */
  readonly scored: boolean;
  /** Rows in the training pool. */
  readonly pool: number;
  readonly group: ReportingGroup;
  /** Fewer real rows than a balanced budget would give it. */
  readonly short: boolean;
}

export interface GroupScore {
  readonly group: ReportingGroup;
  /** Scored domains of the group, their rows in the split, and their mean score; null where there is none. */
  readonly domains: number;
  readonly rows: number;
  readonly macro: number | null;
}

/** A further figure beside the metric, over the same rows. */
export interface SecondaryScore {
  readonly metric: 'rouge-l' | 'exact-match' | 'set-f1';
  /** Mean of the means of the domains, and mean over all rows. */
  readonly macro: number;
  readonly micro: number;
}

export interface Metrics {
  readonly metric: MetricName;
  readonly rows: number;
  /** Rows whose generation or extraction failed; they count as wrong. */
  readonly invalid: number;
  /** Mean score over the scored domains. */
  readonly macro: number;
  /** Over all rows: accuracy, or their mean score. */
  readonly micro: number;
  /** 95 % bootstrap interval of macro. */
  readonly interval: Interval;
  readonly groups: readonly GroupScore[];
  readonly domains: readonly DomainScore[];
  readonly secondary?: readonly SecondaryScore[] | undefined;
}

/** The labels of a row and those that were read from its output: sets, none for an invalid output. */
export interface Labeled {
  readonly gold: readonly string[];
  readonly predicted: readonly string[];
}

/** Counts, precision, recall and F1 of each label, in the order given; 0/0 = 0. */
export function labelScores(rows: readonly Labeled[], labels: readonly string[]): LabelScore[] {
  const support = new Map<string, number>();
  const predicted = new Map<string, number>();
  const correct = new Map<string, number>();
  for (const row of rows) {
    for (const label of row.gold) increment(support, label);
    for (const label of row.predicted) {
      increment(predicted, label);
      if (row.gold.includes(label)) increment(correct, label);
    }
  }
  return labels.map((domain) => {
    const counts = {
      support: support.get(domain) ?? 0,
      predicted: predicted.get(domain) ?? 0,
      correct: correct.get(domain) ?? 0,
    };
    return {
      domain,
      ...counts,
      precision: share(counts.correct, counts.predicted),
      recall: share(counts.correct, counts.support),
      f1: share(2 * counts.correct, counts.support + counts.predicted),
    };
  });
}

/**
 * All scores of one evaluation. `labels`: every label of the data set; `scored`: those with rows in this split, fixed
 * before the run (`DomainTable`), which macro is the mean over; `pool`: rows of each domain in the training pool;
 * `slots`: B.
 */
export function classificationMetrics(evaluation: {
  readonly judged: readonly { readonly gold: string; readonly predicted: string | null }[];
  readonly labels: readonly string[];
  readonly scored: readonly string[];
  readonly pool: Readonly<Record<string, number>>;
  readonly slots: number;
  readonly seed: number;
}): Metrics {
  const { judged, scored, seed } = evaluation;
  const rows = judged.map(({ gold, predicted }) => ({
    domain: gold,
    gold: [gold],
    predicted: predicted === null ? [] : [predicted],
  }));
  return assembleMetrics(evaluation, {
    metric: 'f1',
    micro: share(judged.filter((row) => row.predicted === row.gold).length, judged.length),
    interval: labelInterval(rows, seed),
    domains: labelScores(rows, evaluation.labels).map(labelEntry(new Set(scored))),
  });
}

/** 95 % interval of the mean F1 over the labels that rows have. */
export function labelInterval(rows: readonly (Labeled & { readonly domain: string })[], seed: number): Interval {
  return bootstrapMacro(
    rows.map(({ domain, gold, predicted }) => ({ stratum: domain, shares: labelShares(gold, predicted) })),
    { seed },
  );
}

/** What one metric says of a domain, independent of the pool. */
export type DomainEntry = Pick<DomainScore, 'domain' | 'support' | 'score' | 'label' | 'scored'>;

export function labelEntry(scored: ReadonlySet<string>): (score: LabelScore) => DomainEntry {
  return ({ domain, support, f1, ...label }) => ({ domain, support, score: f1, label, scored: scored.has(domain) });
}

/** What all metrics share: macro over the scored domains, reporting groups, domains short of their balanced share. */
export function assembleMetrics(
  evaluation: {
    readonly judged: readonly { readonly predicted: string | null }[];
    readonly pool: Readonly<Record<string, number>>;
    readonly slots: number;
  },
  scores: Pick<Metrics, 'metric' | 'micro' | 'interval' | 'secondary'> & { readonly domains: readonly DomainEntry[] },
): Metrics {
  const { judged, pool } = evaluation;
  const groups = reportingGroups(pool);
  const short = shortOfBalancedShare(pool, evaluation.slots);
  const domains = scores.domains.map((entry) => ({
    ...entry,
    pool: Object.hasOwn(pool, entry.domain) ? (pool[entry.domain] ?? 0) : 0,
    // A domain without a row in the pool is as rare as can be.
    group: groups.get(entry.domain) ?? ('tail' as const),
    short: short.has(entry.domain) || !Object.hasOwn(pool, entry.domain),
  }));
  return {
    metric: scores.metric,
    rows: judged.length,
    invalid: judged.filter((row) => row.predicted === null).length,
    macro: mean(domains.filter((domain) => domain.scored)) ?? 0,
    micro: scores.micro,
    interval: scores.interval,
    groups: (['head', 'middle', 'tail'] as const).map((group) => groupScore(group, domains)),
    domains,
    ...(scores.secondary === undefined ? {} : { secondary: scores.secondary }),
  };
}

function increment(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}

function groupScore(group: ReportingGroup, domains: readonly DomainScore[]): GroupScore {
  const members = domains.filter((domain) => domain.scored && domain.group === group);
  const rows = members.reduce((sum, domain) => sum + domain.support, 0);
  return { group, domains: members.length, rows, macro: mean(members) };
}

function mean(domains: readonly DomainScore[]): number | null {
  return domains.length === 0 ? null : domains.reduce((sum, { score }) => sum + score, 0) / domains.length;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
