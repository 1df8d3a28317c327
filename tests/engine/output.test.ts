/** The teacher's response format: the first call of the run finds out what the endpoint supports. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { Report } from '../../contracts/report.ts';
import type { StructuredForm } from '../../embedded/behavior.ts';
import { openRig, until, wordnetSpec } from './rig.ts';
import type { Home, Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => void (rig = await openRig()));
afterAll(async () => await rig.close());

interface Reported {
  readonly report: Report;
  readonly training: string;
  /** Counted by the endpoint. */
  readonly billed: number;
  readonly requests: number;
}

async function reported(home: Home, spec: RunSpec): Promise<Reported> {
  const before = await rig.counters();
  const { folder, status } = await (await home.start(spec)).result();
  expect(status).toBe('completed');
  const after = await rig.counters();
  return {
    report: Report.parse(JSON.parse(readFileSync(join(folder ?? '', 'report.json'), 'utf8'))),
    training: readFileSync(join(folder ?? '', 'train.jsonl'), 'utf8'),
    billed: after.billed - before.billed,
    requests: after.requests - before.requests,
  };
}

const small = { seed: 5, method: 'adaptive-ft-cot', stages: 2, slots: 120 };
const parts = {
  switches: '{ balance: naive, verify: teacher, consistency: drop, refill: 1 }',
  student: '{ driver: none }',
};
const remote = (more = ''): string =>
  `{ baseUrl: '${rig.embedded().url}', model: 'simulated-wordnet?noise=0.2&pool=600', price: free${more} }`;

test('the same training set in every format, without an extra call to find the format', async () => {
  const known: readonly [StructuredForm, Report['prompts']['output']][] = [
    ['json-schema', 'json-schema'],
    ['json-object', 'json-object'],
    ['none', 'text'],
  ];
  let first: Reported | undefined;
  for (const [steps, [structured, output]] of known.entries()) {
    await rig.behave({ structured });
    // A separate home, because a run that finds its answers in the ledger sends no call.
    const home = rig.home();
    await home.worker();
    const run = await reported(home, wordnetSpec(`form-${structured}`, small, { ...parts, teacher: remote() }));
    first ??= run;
    expect(run.report.prompts.output).toBe(output);
    expect(run.report.stages[1]?.counts.synthetic).toBeGreaterThan(5);
    expect(run.training).toBe(first.training);
    const { charged, refused } = run.report.ledger;
    // Each unsupported format is one refusal in the whole run: later stages use the format that was found.
    expect({ charged, billed: run.billed, refused, requests: run.requests }).toEqual({
      charged: first.report.ledger.charged,
      billed: charged,
      refused: steps + first.report.ledger.refused,
      requests: first.requests + steps,
    });
  }
  await rig.behave({ structured: 'json-schema' });
});

test('a format that the run file names is never replaced: if the endpoint refuses it, the run is blocked uncharged', async () => {
  await rig.behave({ structured: 'none' });
  const home = rig.home();
  await home.worker();
  const spec = wordnetSpec('form-named', {}, { teacher: remote(', output: json-object') });
  const handle = await home.start(spec);
  const blocked = await until(handle, ({ status }) => status === 'blocked');
  expect(blocked.blocked).toMatchObject({
    type: 'RequestRejected',
    message: expect.stringContaining("'response_format' of type 'json_object' is not supported"),
  });
  expect(blocked.budget?.charged ?? 0).toBe(0);
  await handle.cancel();
  await handle.result().catch(() => undefined);
  await rig.behave({ structured: 'json-schema' });
});

test('the run’s own templates are sent, and a changed template makes another call', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'templates-'));
  const path = join(folder, 'run.yaml');
  const template = (word: string): void =>
    writeFileSync(
      join(folder, 'annotate.txt'),
      `${word} why a text has its label. {format}\n---\nOf {labels}:\n<text>\n{input}\n</text>\nIt is <label>{answer}</label>, {{not}} \\boxed{1}.`,
    );
  const specOf = (name: string): RunSpec => {
    const text = [
      `name: ${name}`,
      'data: { builtin: wordnet, pool: 600 }',
      'method: random-ft-cot',
      'budget: { slots: 6 }',
      `teacher: ${remote(', prompts: { annotate: annotate.txt }')}`,
      'student: { driver: none }',
    ].join('\n');
    const resolved = resolveRunFile(text, { path, overrides: {}, name, dataRoot: undefined });
    if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
    return resolved.spec;
  };
  const home = rig.home();
  await home.worker();
  const billedBy = async (name: string): Promise<number> => {
    const before = (await rig.counters()).billed;
    expect(await (await home.start(specOf(name))).result()).toMatchObject({ status: 'completed' });
    return (await rig.counters()).billed - before;
  };
  template('Say');
  expect(await billedBy('own-1')).toBe(6);
  expect(await billedBy('own-2')).toBe(0);
  template('Tell');
  expect(await billedBy('own-3')).toBe(6);
  const report = Report.parse(JSON.parse(readFileSync(join(home.path, 'runs', 'own-3', 'report.json'), 'utf8')));
  expect(report.prompts).toMatchObject({ own: ['annotate'], output: 'json-schema' });
  expect(report.spec.prompts.annotate).toMatch(/^Tell why/);
  const ledger = await openLedger({ path: join(home.path, 'ledger.sqlite') });
  const calls = await ledger.entries({ run: 'own-3' });
  await ledger.close();
  expect(calls).toHaveLength(6);
});
