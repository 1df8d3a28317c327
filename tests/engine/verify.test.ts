import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ledger } from '../../activities/ports/ledger.ts';
import { reparse } from '../../activities/outputs/reparse.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { snapshotOf } from '../../cli/follow/follow.ts';
import { wordnetInstruction, wordnetLabels } from '../../adapters/datasets/wordnet/wordnet.ts';
import { verifyRun } from '../../cli/verify/verify-run.ts';
import type { Verification } from '../../cli/verify/verify-run.ts';
import { classification } from '../../domain/tasks/classification.ts';
import { openRig, wordnetSpec } from './rig.ts';
import type { Home, Rig } from './rig.ts';

let rig: Rig;
let home: Home;
const run = 'verified';

beforeAll(async () => {
  rig = await openRig();
  home = rig.home();
  await home.worker();
  const teacher = `{ baseUrl: '${rig.embedded().url}', model: 'simulated-wordnet?noise=0.2&pool=600', price: free }`;
  const spec = wordnetSpec(run, { method: 'baldistill-a', seed: 71 }, { teacher });
  expect(await (await home.start(spec)).result()).toMatchObject({ status: 'completed' });
});
afterAll(async () => await rig.close());

async function withLedger<T>(work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = await openLedger({ path: join(home.path, 'ledger.sqlite') });
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

async function verify(withEndpoint = true): Promise<Verification> {
  const snapshot = withEndpoint ? await snapshotOf(rig.client, run) : undefined;
  return await withLedger(async (ledger) => {
    const record = await ledger.run({ run });
    if (record === undefined) throw new Error('the run is not in the ledger');
    return await verifyRun(ledger, { home: home.path, record, snapshot });
  });
}

const differences = ({ parts }: Verification): Record<string, readonly string[]> =>
  Object.fromEntries(parts.filter((part) => part.differences.length > 0).map((part) => [part.name, part.differences]));

/** Changes the database directly, verifies, and restores it. */
async function tampered(change: string, back: string): Promise<readonly string[]> {
  const database = new DatabaseSync(join(home.path, 'ledger.sqlite'), { timeout: 5000 });
  try {
    database.exec(change);
    return differences(await verify())['ledger'] ?? [];
  } finally {
    database.exec(back);
    database.close();
  }
}

test('an unchanged run has no differences', async () => {
  const verification = await verify();
  expect(differences(verification)).toEqual({});
  expect(verification.parts.map(({ name, looked }) => `${name}: ${looked}`)).toEqual([
    expect.stringMatching(/^ledger: \d+ events$/),
    expect.stringMatching(/^artifacts: \d+ artifacts of 3 closed stages$/),
    'workflow: completed, 3 stages finished',
    expect.stringMatching(/^endpoint: (\d+) calls billed, \1 answers and 0 uncertain calls of 1 runs$/),
  ]);
  expect((await verify(false)).parts[2]?.looked).toContain('not asked');
});

test('changes in the ledger are reported exactly', async () => {
  const where = `where name = '${run}'`;
  expect(
    await tampered(`update runs set charged = charged - 1 ${where}`, `update runs set charged = charged + 1 ${where}`),
  ).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^the run has charged \d+, its last event \(\d+\) says \d+$/),
      expect.stringMatching(/^calls charged, by slot: the run says \d+, its entries make \d+$/),
    ]),
  );
  expect(await tampered('update ledger set counter = counter + 3', 'update ledger set counter = counter - 3')).toEqual([
    expect.stringMatching(/^the ledger counts \d+ events, its log holds \d+ up to \d+$/),
  ]);
  const one = `(select call_id from charges where run = '${run}' and state = 'settled' and role = 'payer' limit 1)`;
  expect(
    await tampered(
      `update calls set state = 'refused' where call_id = ${one}`,
      `update calls set state = 'settled' where call_id = ${one}`,
    ),
  ).toEqual([expect.stringMatching(/^stage \d, slot \d+ is settled, its call \w+\.0 is refused$/)]);
  const amount = `where run = '${run}' and stage = 0 and slot = 0`;
  expect(
    await tampered(
      `update charges set tokens = tokens + 5 ${amount}`,
      `update charges set tokens = tokens - 5 ${amount}`,
    ),
  ).toEqual([expect.stringMatching(/^tokens: the run says \d+, its entries make \d+$/)]);
  expect(differences(await verify())).toEqual({});
});

test('an endpoint that billed more calls than the ledger has is detected', async () => {
  const dog = { instruction: wordnetInstruction, input: 'dog: a furry mammal that barks', answer: 'animal' };
  const messages = classification(wordnetLabels).annotatePrompt(dog);
  const body = { model: 'simulated-wordnet?noise=0.2&pool=600', messages };
  const { billed } = await rig.counters();
  // A call that is in no ledger.
  const answer = await fetch(`${rig.embedded().url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  expect((await rig.counters()).billed).toBe(billed + 1);
  expect(differences(await verify())).toEqual({
    endpoint: [
      `the endpoint billed ${billed + 1} calls, the ledger accounts for ${billed} at most ` +
        `(${billed} answered, 0 uncertain, 0 resent)`,
    ],
  });
});

test('reparse accepts an answer that an older parser dropped, and marks one it accepted wrongly, without calls', async () => {
  const artifacts = createFileArtifacts(join(home.path, 'artifacts'));
  await withLedger(async (ledger) => {
    const before = (await ledger.summary({ run })).unusable;
    const entries = await ledger.entries({ run });
    const good = entries.filter(({ unusable }) => unusable === null).slice(0, 3);
    const flawed = entries.filter(({ unusable }) => unusable !== null).slice(0, 1);
    await ledger.markUnusable({ marks: good.map(({ callId }) => ({ callId: callId ?? '', reason: 'unparseable' })) });
    await ledger.markUsable({ callIds: flawed.map(({ callId }) => callId ?? '') });
    const requests = (await rig.counters()).requests;
    const stages = await reparse({ artifacts, ledger }, run);
    expect(stages.map(({ good: fixed }) => fixed['unparseable'] ?? 0).reduce((a, b) => a + b, 0)).toBe(3);
    expect((await ledger.summary({ run })).unusable).toEqual(before);
    expect((await rig.counters()).requests).toBe(requests);
  });
});

test('changed and missing artifacts are listed', async () => {
  const folder = join(home.path, 'artifacts');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const [first, second, third] = files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /[0-9a-f]{64}$/.test(path));
  if (first === undefined || second === undefined || third === undefined) throw new Error('no artifacts');
  rmSync(first);
  truncateSync(second, 1);
  writeFileSync(third, 'other');
  const found = differences(await verify());
  expect(Object.keys(found).filter((name) => name !== 'endpoint')).toEqual(['artifacts']);
  expect(found['artifacts']?.length).toBeGreaterThan(0);
  for (const sentence of found['artifacts'] ?? [])
    expect(sentence).toMatch(/^an artifact of stage \d: .* (is not there|has \d bytes instead of \d+)$/);
});
