/** Every preset, and the effect of each switch: whole runs over the embedded endpoint. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { Example, Prediction } from '../../contracts/records.ts';
import { Report } from '../../contracts/report.ts';
import { methodNames, presets } from '../../domain/methods.ts';
import type { MethodName } from '../../domain/methods.ts';
import { openStories, wordnetSpec } from './rig.ts';

const at = openStories();

const Line = Example.omit({ rationale: true });

interface FinishedRun {
  readonly report: Report;
  readonly lines: readonly ReturnType<typeof Line.parse>[];
  readonly training: string;
  readonly predictions: readonly Prediction[];
  readonly sum: (key: 'slots' | 'real' | 'synthetic' | 'duplicated' | 'unfilled' | 'dropped') => number;
}

/** A completed run: 120 slots over 600 rows, three stages unless the method fixes them. */
async function runOf(
  name: string,
  method: MethodName,
  yaml: Parameters<typeof wordnetSpec>[2] = {},
): Promise<FinishedRun> {
  const spec = wordnetSpec(name, { method, ...(presets[method].stages === undefined ? { stages: 3 } : {}) }, yaml);
  const result = await (await at.home.start(spec)).result();
  expect(result.status).toBe('completed');
  const read = (file: string): string => readFileSync(join(result.folder ?? '', file), 'utf8');
  const report = Report.parse(JSON.parse(read('report.json')));
  for (const { counts, outcomes } of report.stages) {
    expect(counts.real + counts.synthetic + counts.duplicated + counts.unfilled).toBe(counts.slots);
    for (const { quota, real, synthetic, duplicated, unfilled } of outcomes)
      expect(real + synthetic + duplicated + Object.values(unfilled).reduce((a, b) => a + b, 0)).toBe(quota);
  }
  const trained = report.stages.length > 0;
  const lines = trained
    ? read('train.provenance.jsonl')
        .split('\n')
        .filter((line) => line !== '')
    : [];
  const taught = lines.map((line) => Line.parse(JSON.parse(line)));
  // A shortfall is filled with rows of the same domain only.
  for (const { stage, outcomes } of report.stages)
    for (const { domain, real, synthetic, duplicated } of outcomes) {
      const own = taught.filter((line) => line.stage === stage && line.domain === domain);
      expect([stage, domain, own.length]).toEqual([stage, domain, real + synthetic + duplicated]);
    }
  return {
    report,
    lines: taught,
    training: trained ? read('train.jsonl') : '',
    predictions: read('predictions.test.jsonl')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => Prediction.parse(JSON.parse(line))),
    sum: (key) => report.stages.reduce((total, { counts }) => total + counts[key], 0),
  };
}

/** The same run with 32 calls in flight and with one, with a teacher that is often wrong. */
async function inFlight(
  name: string,
  method: MethodName,
  yaml: Parameters<typeof wordnetSpec>[2],
): Promise<{ many: FinishedRun; one: FinishedRun }> {
  const run = async (concurrency: number): Promise<FinishedRun> =>
    await runOf(`${name}-${concurrency}`, method, {
      ...yaml,
      teacher: `{ embedded: simulated, noise: 0.5, concurrency: ${concurrency} }`,
    });
  return { many: await run(32), one: await run(1) };
}

const reasons = ({ report }: FinishedRun, of: 'dropped' | 'unfilled'): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const outcome of report.stages.flatMap(({ outcomes }) => outcomes))
    for (const [reason, count] of Object.entries(outcome[of])) counts[reason] = (counts[reason] ?? 0) + count;
  return counts;
};

/** Ids of the rows of some stages, in their order. */
const idsOf = ({ lines }: FinishedRun, wanted: (stage: number) => boolean): string[] =>
  lines.flatMap(({ id, stage }) => (wanted(stage) ? [id] : []));

/** Mean F1 over the labels that occur as gold, a label that is never predicted counting 0. */
function macroF1(rows: readonly Prediction[]): number {
  const labels = [...new Set(rows.map(({ gold }) => gold))];
  const scores = labels.map((label) => {
    const right = rows.filter(({ gold, predicted }) => gold === label && predicted === label).length;
    const actual = rows.filter(({ gold }) => gold === label).length;
    const predicted = rows.filter((row) => row.predicted === label).length;
    return (2 * right) / (actual + predicted);
  });
  return scores.reduce((sum, score) => sum + score, 0) / labels.length;
}

function mostFrequent(labels: readonly string[]): string {
  const counts = Map.groupBy(labels, (label) => label);
  return [...counts].toSorted(([, one], [, other]) => other.length - one.length)[0]?.[0] ?? '';
}

const own = (switches: string): Parameters<typeof wordnetSpec>[2] => ({ switches });

const withCalls = methodNames.filter((name) => name !== 'zero-shot-cot' && name !== 'random-ft');

describe('presets', () => {
  test.each(withCalls)(
    '%s uses its slots: calls, repeated rows and empty slots add up to all of them',
    async (method) => {
      const run = await runOf(`preset-${method}`, method);
      expect(run.sum('slots')).toBe(120);
      // A dropped answer stays charged; its slot gets another call or a repeated row, or stays empty.
      const { charged } = run.report.ledger;
      expect(charged + run.sum('duplicated') + run.sum('unfilled')).toBe(120 + run.sum('dropped'));
      expect(run.report.ledger.charged).toBeLessThanOrEqual(run.report.spec.budget.calls);
      const synthetic = !['random-ft-cot', 'active-ft-cot', 'duplicate-ft-cot'].includes(method);
      expect(run.sum('synthetic') > 0).toBe(synthetic);
      if (method === 'duplicate-ft-cot') expect(run.sum('duplicated')).toBeGreaterThan(0);
      // Recomputed from the predictions, and well above the majority answer.
      expect(run.report.test?.macro).toBeCloseTo(macroF1(run.predictions), 12);
      const majority = mostFrequent(run.predictions.map(({ gold }) => gold));
      const constant = run.predictions.map((row) => ({ ...row, predicted: majority }));
      expect(run.report.test?.macro).toBeGreaterThan(3 * macroF1(constant));
    },
  );

  test('active-ft-cot first draws at random, then takes the most difficult rows of the whole pool', async () => {
    const [active, random] = [await runOf('active', 'active-ft-cot'), await runOf('random', 'random-ft-cot')];
    const drawn = await runOf('drawn', 'active-ft-cot', own('{ select: random }'));
    expect(new Set(active.lines.map(({ id }) => id)).size).toBe(120);
    const first = idsOf(active, (stage) => stage === 0);
    expect(random.lines.map(({ id }) => id)).toEqual(expect.arrayContaining(first));
    expect(idsOf(drawn, (stage) => stage === 0)).toEqual(first);
    // From then on the student chooses other rows in each stage; nothing else differs.
    for (const later of [1, 2]) {
      const [hardest, any] = [active, drawn].map((run) => new Set(idsOf(run, (stage) => stage === later)));
      expect([hardest?.size, any?.size]).toEqual([40, 40]);
      expect(hardest).not.toEqual(any);
    }
  });

  test('random-ft trains on answers without rationales and needs no teacher', async () => {
    const before = await at.rig.counters();
    const run = await runOf('bare', 'random-ft', { teacher: '{ baseUrl: "http://127.0.0.1:9/v1", model: none }' });
    expect(run.report.spec.teacher).toBeUndefined();
    expect(run.report).toMatchObject({ teacherModel: null, ledger: { charged: 0 } });
    expect(run.sum('real')).toBe(120);
    expect(run.lines.every(({ call }) => call === null)).toBe(true);
    expect(run.training.match(/"content":"The answer is: \w+"/g)).toHaveLength(120);
    expect(await at.rig.counters()).toEqual(before);
  });

  test('zero-shot-cot only evaluates the base student', async () => {
    const run = await runOf('zero', 'zero-shot-cot');
    expect(run.report).toMatchObject({ stages: [], studentModel: 'naive-bayes', teacherModel: null });
    expect(run.report).toMatchObject({ ledger: { charged: 0 }, test: { macro: 0 } });
    expect(run.report.simulated).toEqual(['embedded baseline student (naive-bayes)']);
  });
});

describe('one switch changed', () => {
  test('each ranking selects other rows, and none changes the charged calls', async () => {
    const ways = ['{}', '{ select: uncertainty }', '{ scoreOn: gold }', '{ diversity: distinct-output }'];
    const runs: FinishedRun[] = [];
    for (const [index, way] of ways.entries()) runs.push(await runOf(`rank-${index}`, 'baldistill-a', own(way)));
    for (const run of runs) expect(run.report.ledger.charged + run.sum('duplicated')).toBe(120);
    const chosen = runs.map(({ lines }) =>
      lines.flatMap(({ id, stage, origin }) => (stage === 1 && origin === 'real' ? [id] : [])),
    );
    expect(new Set(chosen.map((ids) => ids.join()))).toHaveProperty('size', ways.length);
  });

  test('without quotas, candidates are a sample of the whole pool', async () => {
    const sampled = await runOf('sampled', 'active-ft-cot', own('{ candidates: 2, select: uncertainty }'));
    const all = await runOf('all-ranked', 'active-ft-cot', own('{ candidates: all, select: uncertainty }'));
    expect(new Set(sampled.lines.map(({ id }) => id)).size).toBe(120);
    expect(idsOf(sampled, (stage) => stage === 0)).toEqual(idsOf(all, (stage) => stage === 0));
    const [some, best] = [sampled, all].map((run) => new Set(idsOf(run, (stage) => stage === 1)));
    expect(some?.size).toBe(40);
    expect(some).not.toEqual(best);
  });

  test('rationale: none requests synthetic rows only', async () => {
    const run = await runOf('bare-a', 'baldistill-a', own('{ rationale: none }'));
    expect(run.report.ledger.charged + run.sum('real') + run.sum('duplicated')).toBe(120);
    for (const { origin, call } of run.lines) expect(call !== null).toBe(origin === 'synthetic');
    expect(run.training).not.toContain('The definition speaks of');
  });

  test('shortfall: leave keeps slots empty, reallocate gives them to rows of other domains', async () => {
    const left = await runOf('left', 'duplicate-ft-cot', own('{ shortfall: leave }'));
    const moved = await runOf('moved', 'duplicate-ft-cot', own('{ shortfall: reallocate }'));
    expect(left.sum('unfilled')).toBeGreaterThan(0);
    expect(moved.report.stages[0]?.counts).toMatchObject({ slots: 120, real: 120, unfilled: 0 });
    expect(moved.report.ledger.charged).toBe(120);
    const kept = new Set(moved.lines.map(({ id }) => id));
    expect(left.lines.every(({ id }) => kept.has(id))).toBe(true);
  });

  test('a domain without remaining rows repeats its own rows in later stages', async () => {
    const switches = '{ balance: naive, tail: none }';
    const run = await runOf('gone', 'adaptive-ft-cot', { switches, budget: '{ slots: 300 }' });
    const last = run.report.stages.at(-1)?.outcomes ?? [];
    const gone = last.filter(({ real, duplicated }) => real === 0 && duplicated > 0);
    expect(gone.length).toBeGreaterThan(1);
  });

  test('verify: teacher charges a call per synthetic row and drops rows with another answer', async () => {
    const run = await runOf('verified', 'balance-ft-cot', own('{ verify: teacher }'));
    const dropped = reasons(run, 'dropped')['verify_disagrees'] ?? 0;
    expect(dropped).toBeGreaterThan(0);
    expect(run.report.spec.budget.calls).toBe(240);
    expect(run.report.ledger.charged).toBe(120 + run.sum('synthetic') + dropped);
    expect(run.report.ledger.unusable['verify_disagrees']).toBe(dropped);
  });

  test('the same bytes with 1 and 32 calls in flight, with verification, refills, drops and reallocation', async () => {
    const { many, one } = await inFlight('moved-on', 'recommended', {
      switches: '{ balance: naive, verify: teacher, shortfall: reallocate }',
    });
    expect(many.training).toBe(one.training);
    expect(many.sum('dropped')).toBeGreaterThan(0);
  });

  test('too few calls to verify all rows: the first slots get them in slot order, the others stay and are marked', async () => {
    const { many, one } = await inFlight('few-calls', 'balance-ft-cot', {
      switches: '{ verify: teacher, shortfall: leave }',
      budget: '{ slots: 120, calls: 126 }',
    });
    expect(many.report.ledger.charged).toBe(126);
    const { verify_disagrees: dropped = 0, unverified = 0 } = many.report.ledger.unusable;
    expect([dropped, unverified].every((count) => count > 0)).toBe(true);
    expect(many.training).toBe(one.training);
    const ledger = await openLedger({ path: join(at.home.path, 'ledger.sqlite') });
    try {
      const slots = new Map<string, number[]>();
      for (const { kind, slot } of await ledger.entries({ run: 'few-calls-32' }))
        slots.set(kind, [...(slots.get(kind) ?? []), slot]);
      expect(slots.get('verify')).toEqual(slots.get('synthesize')?.slice(0, 6));
    } finally {
      await ledger.close();
    }
  });
});
