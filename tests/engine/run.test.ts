import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { Report } from '../../contracts/report.ts';
import { openStories, wordnetSpec } from './rig.ts';

const at = openStories();

const lines = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

test('a run fills its slots stage by stage and writes a training set, scores and a report', async () => {
  const spec = wordnetSpec('whole', { method: 'baldistill-a' });
  const handle = await at.home.start(spec);
  const result = await handle.result();

  expect(result).toMatchObject({ run: 'whole', status: 'completed' });
  const folder = result.folder ?? '';
  const report = Report.parse(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')));
  expect(report.stages.map(({ counts }) => counts.slots)).toEqual([40, 40, 40]);
  for (const { counts, outcomes } of report.stages) {
    expect(counts.real + counts.synthetic + counts.duplicated + counts.unfilled).toBe(counts.slots);
    for (const outcome of outcomes) {
      const unfilled = Object.values(outcome.unfilled).reduce((a, b) => a + b, 0);
      expect(outcome.real + outcome.synthetic + outcome.duplicated + unfilled).toBe(outcome.quota);
    }
  }
  expect(report.stages.some(({ counts }) => counts.synthetic > 0)).toBe(true);
  expect(report.test?.macro).toBeGreaterThan(0.05);
  expect(report.simulated).toEqual([
    'simulated teacher (20 % of synthetic labels wrong)',
    'embedded baseline student (naive-bayes)',
  ]);

  const training = lines(join(folder, 'train.jsonl'));
  const provenance = lines(join(folder, 'train.provenance.jsonl'));
  expect(training).toHaveLength(120);
  expect(provenance).toHaveLength(120);
  expect(training[0]).toMatchObject({
    messages: [{ role: 'user' }, { role: 'assistant', content: expect.stringMatching(/The answer is: \w+$/) }],
  });
  expect(existsSync(join(folder, 'predictions.test.jsonl'))).toBe(true);
  expect(readFileSync(join(folder, 'report.md'), 'utf8')).toContain('simulated teacher');

  const ledger = await openLedger({ path: join(at.home.path, 'ledger.sqlite') });
  try {
    const summary = await ledger.summary({ run: 'whole' });
    expect(summary.budget).toMatchObject({ limit: 120, charged: 120, settled: 120, forfeited: 0 });
    expect(summary.calls.open).toBe(0);
    expect((await ledger.run({ run: 'whole' }))?.status).toBe('completed');
    expect((await at.rig.counters()).billed).toBe(120);
  } finally {
    await ledger.close();
  }
});

test('the Temporal UI shows the run: summaries, attributes, references instead of data', async () => {
  const handle = at.rig.client.workflow.getHandle('whole');
  const description = await handle.describe();
  expect(description.searchAttributes).toMatchObject({
    BaldistillStatus: ['completed'],
    BaldistillMethod: ['baldistill-a'],
    BaldistillDataset: ['wordnet'],
    BaldistillCallsCharged: [120],
    BaldistillMacro: [expect.any(Number)],
  });
  const stage = await at.rig.client.workflow.getHandle('whole/stage-1').fetchHistory();
  const scheduled = (stage.events ?? []).filter((event) => event.activityTaskScheduledEventAttributes);
  expect(scheduled.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name)).toEqual([
    'balance',
    'select',
    'planRound',
    'generate',
    'closeStage',
    'fineTune',
    'awaitFineTune',
    'evaluate',
  ]);
  for (const event of scheduled) expect(event.userMetadata?.summary?.data?.length).toBeGreaterThan(0);
  for (const id of ['whole', 'whole/stage-0', 'whole/stage-2']) {
    const history = await at.rig.client.workflow.getHandle(id).fetchHistory();
    for (const event of history.events ?? []) expect(JSON.stringify(event).length).toBeLessThan(64 * 1024);
  }
});

test('a second run with the same calls is charged for them but sends none', async () => {
  const before = await at.rig.counters();
  const handle = await at.home.start(wordnetSpec('again', { method: 'baldistill-a' }));
  await handle.result();
  const ledger = await openLedger({ path: join(at.home.path, 'ledger.sqlite') });
  try {
    const { calls, budget } = await ledger.summary({ run: 'again' });
    expect(calls).toMatchObject({ cached: 120, settled: 0, refused: 0 });
    expect(budget.charged).toBe(120);
  } finally {
    await ledger.close();
  }
  expect(await at.rig.counters()).toEqual(before);
  const bytes = (run: string): string => readFileSync(join(at.home.path, 'runs', run, 'train.jsonl'), 'utf8');
  expect(bytes('again')).toBe(bytes('whole'));
});
