/** A report and a comparison made by hand: 90 domains, hostile words wherever words come from outside. */
import type { Comparison, ComparisonCell, Entry } from '../../contracts/comparison/comparison.ts';
import type { Metrics } from '../../contracts/metrics.ts';
import { Report } from '../../contracts/report.ts';
import type { Sample } from '../../contracts/report.ts';
import { seededRandom } from '../../domain/random.ts';
import { wordnetSpec } from '../engine/rig.ts';
import { allHostile, hostile } from './hostile.ts';

const stages = 5;
const domains = Array.from({ length: 90 }, (_, index) =>
  index < 7 ? (Object.values(hostile)[index] ?? '') : `domain-${String(index).padStart(2, '0')}`,
);

function metricsOf(stage: number, rows: number): Metrics {
  const random = seededRandom('fixture', stage);
  const scores = domains.map((domain, index) => {
    const pool = Math.ceil(2000 / (index + 1) ** 1.3);
    const score = Math.min(1, Math.max(0, 0.9 - index / 100 + stage * 0.04 + (random.next() - 0.5) * 0.3));
    return {
      domain,
      support: Math.max(1, Math.round(rows / (index + 2))),
      score,
      label: { predicted: 3, correct: 2, precision: score, recall: score },
      scored: index % 30 !== 29,
      pool,
      group: index < 10 ? ('head' as const) : index < 25 ? ('middle' as const) : ('tail' as const),
      short: pool < 30,
    };
  });
  const mean = (of: typeof scores): number => of.reduce((sum, { score }) => sum + score, 0) / of.length;
  const scored = scores.filter((domain) => domain.scored);
  return {
    metric: 'f1',
    rows,
    invalid: 3,
    macro: mean(scored),
    micro: 0.8 + stage / 50,
    interval: { low: mean(scored) - 0.03, high: mean(scored) + 0.03 },
    groups: (['head', 'middle', 'tail'] as const).map((group) => {
      const own = scored.filter((domain) => domain.group === group);
      return { group, domains: own.length, rows, macro: mean(own) };
    }),
    domains: scores,
  };
}

function stageOf(stage: number): unknown {
  const outcomes = domains.map((domain, index) => ({
    domain,
    quota: 6,
    real: index < 50 ? 6 : 2,
    synthetic: index < 50 ? 0 : 2 + (stage % 2),
    duplicated: index < 50 ? 0 : 1,
    unfilled: index < 50 || stage % 2 === 1 ? {} : { calls: 1 },
    dropped: {},
  }));
  const sum = (of: (outcome: (typeof outcomes)[number]) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  return {
    stage,
    seconds: 12.34,
    counts: {
      slots: sum(({ quota }) => quota),
      real: sum(({ real }) => real),
      synthetic: sum(({ synthetic }) => synthetic),
      duplicated: sum(({ duplicated }) => duplicated),
      unfilled: sum(({ unfilled }) => unfilled['calls'] ?? 0),
      dropped: 0,
    },
    outcomes,
    studentModel: `student ${hostile.script}`,
    validation: metricsOf(stage, 500),
    losses: Array.from({ length: 300 * (stage + 1) }, (_, step) => ({ step, loss: 3 / (1 + step / 60) + 0.2 })),
    skipped: stage === 1 ? ['evaluate'] : [],
    cancelled: false,
  };
}

function samplesOf(): Sample[] {
  return domains.flatMap((domain, index): Sample[] => {
    const stage = index % stages;
    const text = `Step by step ${index}. ${allHostile}`;
    const common = { stage, slot: index, domain, answer: domain };
    return [
      { ...common, kind: 'real', input: `Input ${index} ${allHostile}`, text, reason: null },
      ...(index % 3 === 0
        ? [{ ...common, kind: 'synthetic', input: `Synthetic ${index}`, text, reason: null } satisfies Sample]
        : []),
      ...(index % 2 === 0
        ? [
            {
              ...common,
              kind: 'unusable',
              input: null,
              answer: null,
              text,
              reason: index % 4 === 0 ? 'mismatch' : 'unparseable',
            } satisfies Sample,
          ]
        : []),
    ];
  });
}

const seconds = (index: number): number => index * 1.5;

export function reportFixture(): Report {
  const spec = { ...wordnetSpec('fixture', { method: 'baldistill-a' }), stages };
  return Report.parse({
    version: 2,
    run: 'fixture',
    status: 'completed',
    startedAt: '2026-11-23T09:00:00.000Z',
    seconds: 300,
    spec: { ...spec, budget: { ...spec.budget, slots: 2700, calls: 3000 } },
    prompts: { version: 'classification-1', sha256: 'ab'.repeat(32) },
    versions: { baldistill: '0.1.0', node: '24.0.0' },
    teacherModel: `teacher ${allHostile}`,
    studentModel: `student ${hostile.handler}`,
    simulated: ['simulated teacher (20 % of synthetic labels wrong)'],
    data: {
      pool: 12_000,
      validation: 500,
      test: 2000,
      domains: domains.length,
      duplicatesDropped: 3,
      leaksDropped: 1,
      unscored: [domains[29] ?? '', hostile.link],
      domainRows: domains.map((domain, index) => ({ domain, rows: Math.ceil(2000 / (index + 1) ** 1.3) })),
    },
    stages: Array.from({ length: stages }, (_, stage) => stageOf(stage)),
    test: metricsOf(stages, 2000),
    ledger: {
      limit: 3000,
      charged: 2700,
      settled: 2500,
      cached: 150,
      forfeited: 40,
      recovered: 10,
      refused: 5,
      inputTokens: 1_234_567,
      outputTokens: 234_567,
      tokens: { charged: 1_469_134, limit: 5_000_000, planned: 4_000_000 },
      money: {
        chargedMicroUsd: 3_456_789,
        limitMicroUsd: 5_000_000,
        plannedMicroUsd: 4_800_000,
        teacherMicroUsd: 3_000_000,
        studentMicroUsd: 456_789,
        unpriced: 0,
      },
      unusable: { mismatch: 80, unparseable: 12, [hostile.script]: 1 },
    },
    history: {
      points: Array.from({ length: 200 }, (_, index) => ({
        seconds: seconds(index),
        charged: Math.round((2700 * index) / 199),
        limit: index < 100 ? 2800 : 3000,
        cached: Math.round((150 * index) / 199),
        forfeited: index < 120 ? 0 : 40,
        microUsd: Math.round((3_456_789 * index) / 199),
      })),
      stages: Array.from({ length: stages }, (_, stage) => ({ stage, seconds: seconds((stage + 1) * 39) })),
    },
    samples: samplesOf(),
  });
}

const methods = ['random-ft-cot', 'balance-ft-cot', 'active-ft-cot', 'adaptive-ft-cot', 'baldistill-n', 'baldistill-a'];
const dataSets = ['r52', 'wordnet', hostile.script];

export function comparisonFixture(): Comparison {
  const random = seededRandom('comparison');
  const macroOf = (method: string, data: string, more = 0): number =>
    0.3 + methods.indexOf(method) * 0.05 - dataSets.indexOf(data) * 0.05 + more;
  const cells = dataSets.flatMap((data) =>
    methods.flatMap((method) =>
      [0, 1, 2].map((seed): ComparisonCell => {
        const failed = method === 'active-ft-cot' && seed === 2;
        const macro = failed ? null : macroOf(method, data, (random.next() - 0.5) * 0.04);
        return {
          run: `compare,${data === hostile.script ? 'hostile' : data},${method},${seed}`,
          data,
          method,
          student: 'naive-bayes',
          budgets: ['1'],
          slots: 1040,
          capped: data === 'wordnet',
          stages: method.startsWith('baldistill') ? 5 : 1,
          seed,
          status: failed ? 'failed' : 'completed',
          reason: failed ? `The endpoint said ${allHostile}` : null,
          macro,
          micro: macro === null ? null : macro + 0.3,
          groups: { head: macro, middle: macro, tail: null },
          callLimit: 1040,
          charged: 1040,
          seconds: 12.5,
        };
      }),
    ),
  );
  const entryOf = (method: string, data: string): Entry => {
    const mean = macroOf(method, data);
    const gain = mean - macroOf('random-ft-cot', data);
    return {
      data,
      seeds: method === 'active-ft-cot' ? 2 : 3,
      of: 3,
      macro: { mean, deviation: 0.012 },
      micro: { mean: mean + 0.3, deviation: 0.01 },
      best: method === 'baldistill-a',
      difference:
        method === 'random-ft-cot'
          ? null
          : {
              seeds: 3,
              mean: gain - 0.08,
              low: gain - 0.11,
              high: gain - 0.05,
              p: 0.001,
              adjusted: 0.004,
              verdict: gain > 0.11 ? 'better' : gain < 0.05 ? 'worse' : 'none',
            },
    };
  };
  return {
    version: 1,
    name: `paper ${hostile.handler}`,
    status: 'completed',
    plan: 'cd'.repeat(32),
    writtenAt: '2026-11-23T09:00:00.000Z',
    baseline: 'random-ft-cot',
    calls: { limit: 60_000, charged: 56_160 },
    simulated: ['recorded teacher', 'embedded baseline student (naive-bayes)'],
    dataSets: dataSets.map((name) => ({
      name,
      task: 'classification',
      metric: 'F1',
      pool: 5045,
      test: 2568,
      domains: 52,
      majority: { answer: hostile.link, macro: 0.02, micro: 0.4 },
    })),
    methods: methods.map((name) => ({ name, method: name, switches: { select: hostile.link, refill: 0 } })),
    blocks: [
      {
        student: 'naive-bayes',
        budget: '1',
        columns: dataSets.map((data, index) => ({ data, slots: 1040, signal: index !== 2 })),
        rows: methods.map((method) => ({
          method,
          stages: 5,
          label: method,
          baseline: method === 'random-ft-cot',
          entries: dataSets.map((data) => entryOf(method, data)),
          mean: macroOf(method, 'r52'),
          best: method === 'baldistill-a',
        })),
      },
    ],
    curves: (['stages', 'slots'] as const).flatMap((over) =>
      dataSets.slice(0, 2).flatMap((data) =>
        methods.map((method) => ({
          over,
          data,
          student: 'naive-bayes',
          at: over === 'stages' ? '1' : `K = ${method.startsWith('baldistill') ? 5 : 1}`,
          method,
          baseline: method === 'random-ft-cot',
          points: (over === 'stages' ? [3, 5, 8] : [520, 1040, 2600]).map((x, index) => ({
            x,
            macro: { mean: macroOf(method, data, index * 0.03), deviation: index === 0 ? null : 0.015 },
            seeds: index === 0 ? 1 : 3,
          })),
        })),
      ),
    ),
    cells,
  };
}
