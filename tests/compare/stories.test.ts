/** Issue 5, "Compare": what a grid costs, what it costs again, what a limit lets through, and that a kill changes nothing. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Comparison } from '../../contracts/comparison/comparison.ts';
import { embeddedUrl } from '../../workers/services/endpoints.ts';
import { ends, modelAway, openHome, storyFile, until } from '../durability/rig.ts';
import type { Home } from '../durability/rig.ts';

let home: Home;
beforeAll(async () => {
  home = await openHome();
  await ends(home.cli('dev'), 0);
});
// A story that fails in the middle leaves no fault to the next one.
afterEach(async () => await home.behave({ latencyMs: 0, idempotent: false, faults: [] }));
afterAll(async () => await home.end());

interface Grid {
  readonly seeds?: number;
  readonly more?: string;
  readonly teacher?: string;
}

/** Two methods over WordNet, 40 slots each, in two stages where a method has stages. */
function grid(name: string, { seeds = 2, more = '', teacher = '' }: Grid = {}): string {
  const text = [
    `name: ${name}`,
    'runs:',
    '  wordnet:',
    '    data: { builtin: wordnet, pool: 600 }',
    `    teacher: { embedded: simulated${teacher} }`,
    '    student: { embedded: naive-bayes }',
    'methods: [random-ft-cot, adaptive-ft-cot]',
    'slots: [40]',
    'stages: [2]',
    `seeds: ${seeds}`,
    more,
  ];
  return home.file(`${name}.yaml`, text.join('\n'));
}

function comparison(name: string): Comparison {
  return Comparison.parse(JSON.parse(readFileSync(join(home.path, 'comparisons', name, 'comparison.json'), 'utf8')));
}

/** The part of a comparison that has to be the same whatever happened on the way. */
function figures(name: string) {
  const { blocks, curves, dataSets, cells } = comparison(name);
  const scores = cells.map(({ run, macro, micro, charged, status }) => {
    return { run: run.replace(name, ''), macro, micro, charged, status };
  });
  return { blocks, curves, dataSets, scores };
}

const folderOf = (name: string): string => join(home.path, 'comparisons', name);
const runFile = (name: string, teacher = ''): string => home.file(`${name}-run.yaml`, storyFile(name, teacher));
const statuses = (name: string): string[] => comparison(name).cells.map(({ status }) => status);

describe('a small grid', { timeout: 240_000 }, () => {
  test('a table: methods by data sets, chance on top, spread over seeds, what beats the baseline', async () => {
    const { stdout } = await ends(home.cli('compare', grid('grid')), 0);
    expect(stdout).toContain('majority answer');
    const { blocks, dataSets, cells, calls, simulated } = comparison('grid');
    expect(cells).toHaveLength(4);
    expect(calls).toEqual({ limit: 160, charged: cells.reduce((sum, { charged }) => sum + charged, 0) });
    expect(dataSets).toMatchObject([{ name: 'wordnet', task: 'classification', pool: 600, domains: 25 }]);
    expect(dataSets[0]?.majority?.macro).toBeLessThan(0.02);
    expect(blocks).toHaveLength(1);
    const [random, adaptive] = blocks[0]?.rows ?? [];
    expect(random).toMatchObject({ label: 'random-ft-cot', baseline: true, entries: [{ seeds: 2, difference: null }] });
    expect(adaptive).toMatchObject({ label: 'adaptive-ft-cot', entries: [{ seeds: 2, difference: { seeds: 2 } }] });
    const means = blocks[0]?.rows.map(({ entries }) => entries[0]?.macro?.mean ?? 0) ?? [];
    expect(blocks[0]?.rows.map(({ entries }) => entries[0]?.best)).toEqual(
      means.map((mean) => mean === Math.max(...means)),
    );
    expect(adaptive?.entries[0]?.difference?.mean).toBeCloseTo((means[1] ?? 0) - (means[0] ?? 0), 10);
    expect(simulated).toHaveLength(2);

    const folder = join(home.path, 'comparisons', 'grid');
    expect(readFileSync(join(folder, 'comparison.md'), 'utf8')).toContain('| majority answer |');
    expect(readFileSync(join(folder, 'comparison.csv'), 'utf8').trim().split('\n')).toHaveLength(5);
    const cell = await ends(home.cli('status', cells[3]?.run ?? ''), 0);
    expect(cell.stdout).toContain('completed');
  });

  test('again: nothing is started, asked or paid', async () => {
    const before = await home.counters();
    const { stdout, stderr } = await ends(home.cli('compare', grid('grid')), 0);
    expect(stdout).toContain('majority answer');
    expect(stderr).toBe('');
    expect(await home.counters()).toEqual(before);
  });

  test('a seed more: two cells, and no call or training of the others', async () => {
    const [calls, jobs] = [await home.counters(), (await home.jobs()).length];
    const before = comparison('grid').cells;
    await ends(home.cli('compare', grid('grid', { seeds: 3 })), 0);
    const { cells } = comparison('grid');
    expect(cells).toHaveLength(6);
    expect(cells).toEqual(expect.arrayContaining(before));
    expect((await home.counters()).requests - calls.requests).toBeLessThanOrEqual(80);
    expect((await home.jobs()).length - jobs).toBe(3);
  });

  test('another setting under the same names is refused with the difference', async () => {
    const { stderr } = await ends(home.cli('compare', grid('grid', { seeds: 3, teacher: ', noise: 0' })), 2);
    expect(stderr).toContain('teacher.noise: 0.2 -> 0');
  });
});

test(
  'a limit that only some cells fit into: the others are listed, and cost nothing',
  { timeout: 120_000 },
  async () => {
    await ends(home.cli('compare', grid('tight', { more: 'limit: 100' })), 0);
    const { calls, cells } = comparison('tight');
    expect(statuses('tight')).toEqual(['completed', 'completed', 'left-out', 'left-out']);
    expect(calls.charged).toBeLessThanOrEqual(100);
    expect(cells[3]).toMatchObject({
      charged: 0,
      reason: expect.stringMatching(/^it may be charged 40 calls, and \d+ are left$/),
    });

    await ends(home.cli('compare', grid('tight', { more: 'limit: 160' })), 0);
    expect(statuses('tight')).toEqual(Array(4).fill('completed'));
    expect(comparison('tight').cells.slice(0, 2)).toEqual(cells.slice(0, 2));
  },
);

test(
  'a grid that costs money is started where its price is confirmed, and asks again for a cell more',
  { timeout: 120_000 },
  async () => {
    const url = embeddedUrl(home.path);
    const priced = `{ baseUrl: '${url}', model: 'simulated-wordnet?noise=0.2&pool=600', price: { input: 50, output: 50 } }`;
    const file = (seeds: number): string =>
      home.file('priced.yaml', readFileSync(grid('priced', { seeds }), 'utf8').replace(/\{ embedded: sim.*/, priced));
    const words = ['--ask-above', '0.1'];
    const before = await home.counters();
    const unasked = await ends(home.cli('compare', file(1), ...words), 2);
    expect(unasked.stderr).toMatch(
      /This comparison may cost up to \d+\.\d\d USD, and there is no terminal to confirm it/,
    );
    expect(existsSync(join(folderOf('priced'), 'comparison.json'))).toBe(false);
    expect(await home.counters()).toEqual(before);

    await ends(home.cli('compare', file(1), ...words, '--yes'), 0);
    expect(statuses('priced')).toEqual(['completed', 'completed']);
    const paid = await home.counters();
    await ends(home.cli('compare', file(1), ...words), 0);
    expect((await ends(home.cli('compare', file(2), ...words), 2)).stderr).toContain(
      'there is no terminal to confirm it',
    );
    expect(await home.counters()).toEqual(paid);

    await ends(home.cli('compare', file(2), ...words, '--yes'), 0);
    expect(statuses('priced')).toEqual(Array(4).fill('completed'));
    expect((await home.counters()).billed - paid.billed).toBeLessThanOrEqual(80);
  },
);

test('a failed cell is started again alone; it never stopped the others', { timeout: 180_000 }, async () => {
  await home.behave({ latencyMs: 400 });
  const file = grid('fixed', { teacher: ', noise: 0.3, concurrency: 1' });
  const going = home.start('compare', file, '--json');
  const victim = 'fixed,data=wordnet,method=random-ft-cot,seed=0,slots=40,stages=1,student=default';
  await until(async () => (await home.cli('status', victim, '--json')).stdout.includes('"generate"'));
  await ends(home.cli('stop', victim, '--kill'), 0);
  await ends(going.ended, 1);
  expect(statuses('fixed')).toEqual(['failed', 'completed', 'completed', 'completed']);
  const others = comparison('fixed').cells.slice(1);
  await home.behave({ latencyMs: 0 });
  await ends(home.cli('compare', file), 0);
  expect(statuses('fixed')).toEqual(Array(4).fill('completed'));
  // With the seconds they took: they were not repeated.
  expect(comparison('fixed').cells.slice(1)).toEqual(others);
});

test('a blocked cell: the others go on, and the comparison waits for a person', { timeout: 180_000 }, async () => {
  const file = grid('held', { seeds: 1 });
  const unknown = `  unknown:
    data: { builtin: wordnet, pool: 600 }
    teacher: { baseUrl: '${home.endpoint().href}', model: gpt-that-never-was }
    student: { embedded: naive-bayes }`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('methods:', `${unknown}\nmethods:`));
  const { stderr } = await ends(home.cli('compare', file), 3);
  expect(stderr).toMatch(/The comparison "held" is blocked: held,data=unknown,.* and 1 more .*gpt-that-never-was/);
  const { stdout } = await ends(home.cli('status', 'held', '--json'), 0);
  expect(stdout).toContain('"running":0,"blocked":2,"completed":2');
  for (const method of ['random-ft-cot', 'adaptive-ft-cot']) {
    const stages = method === 'random-ft-cot' ? 1 : 2;
    const cell = `held,data=unknown,method=${method},seed=0,slots=40,stages=${stages},student=default`;
    await ends(home.cli('stop', cell, '--now'), 0);
  }
  await ends(home.cli('watch', 'held'), 0);
  expect(statuses('held')).toEqual(['completed', 'completed', 'stopped', 'stopped']);
});

test('an outage blocks no more cells than it has to; resume tries them all again', { timeout: 180_000 }, async () => {
  await home.behave({ faults: [modelAway] });
  const file = grid('outage', { teacher: ', noise: 0.5', seeds: 3 });
  const { stderr } = await ends(home.cli('compare', file), 3);
  expect(stderr).toContain('baldistill resume outage');
  // Three in a row, and what was running by then. On a busy machine the workflow may not answer the first question.
  await expect
    .poll(async () => (await ends(home.cli('status', 'outage', '--json'), 0)).stdout, { timeout: 60_000 })
    .toMatch(/"waiting":[23],"running":0,"blocked":[34],"completed":0/);
  await home.behave({ faults: [] });
  await ends(home.cli('resume', 'outage'), 0);
  await ends(home.cli('watch', 'outage'), 0);
  expect(statuses('outage')).toEqual(Array(6).fill('completed'));
});

test('the worker killed three times: the same table, and nothing charged twice', { timeout: 240_000 }, async () => {
  await home.behave({ idempotent: true, latencyMs: 60 });
  const teacher = ', noise: 0.1, concurrency: 4, idempotency: { ttl: 3600 }';
  const before = await home.counters();
  const going = home.start('compare', grid('killed', { teacher }), '--json');
  for (const requests of [20, 70, 120]) {
    await until(async () => (await home.counters()).requests - before.requests >= requests);
    await home.kill('worker');
  }
  await ends(going.ended, 0);
  const { billed } = await home.counters();
  await home.behave({ latencyMs: 0 });
  await ends(home.cli('compare', grid('undisturbed', { teacher })), 0);
  expect(figures('killed')).toEqual(figures('undisturbed'));
  // The undisturbed one found every answer in the ledger: the killed one had paid each of them once.
  expect((await home.counters()).billed).toBe(billed);
});

test('paused, resumed, stopped, and gone on with', { timeout: 180_000 }, async () => {
  await home.behave({ latencyMs: 100 });
  const file = grid('steered', { teacher: ', noise: 0.15, concurrency: 1', seeds: 3 });
  await ends(home.cli('compare', file, '--detach'), 0);
  const status = async (): Promise<string> => (await home.cli('status', 'steered', '--json')).stdout;
  await until(async () => (await status()).includes('"running":2'));
  await ends(home.cli('pause', 'steered'), 0);
  expect(await status()).toContain('"status":"paused"');
  // Both cells that are running, in a home where no other run is left open.
  await until(async () => (await home.cli('ls', '--json')).stdout.match(/"status":"paused"/g)?.length === 2);
  await setTimeout(1000);
  const quiet = await home.counters();
  // The promise itself is about time passing: a further second in which nothing may be sent.
  await setTimeout(1000);
  expect(await home.counters()).toEqual(quiet);
  expect(await status()).toContain('"status":"paused"');
  await ends(home.cli('resume', 'steered'), 0);
  await ends(home.cli('stop', 'steered', '--now'), 0);
  await ends(home.cli('watch', 'steered'), 0);
  expect(statuses('steered')).toContain('stopped');
  expect(statuses('steered')).toContain('waiting');
  await home.behave({ latencyMs: 0 });
  await ends(home.cli('compare', file), 0);
  expect(statuses('steered')).toEqual(Array(6).fill('completed'));
});

describe('one name, one thing', { timeout: 180_000 }, () => {
  test('a comparison cannot take the name of a run, while it goes on or later', async () => {
    await home.behave({ latencyMs: 300 });
    await ends(home.cli('run', runFile('taken', ', concurrency: 1, noise: 0.35'), '--detach'), 0);
    for (const ended of [false, true]) {
      if (ended) await ends(home.cli('stop', 'taken', '--now'), 0);
      if (ended) await ends(home.cli('watch', 'taken'), 0);
      const { stderr } = await ends(home.cli('compare', grid('taken')), 2);
      expect(stderr).toContain('"taken" is the name of a run.');
      expect(existsSync(folderOf('taken'))).toBe(false);
    }
    expect((await ends(home.cli('status', 'taken', '--json'), 0)).stdout).toContain('"run":"taken"');
  });

  test('a run cannot take the name of a comparison; one that is joined says what it keeps', async () => {
    await home.behave({ latencyMs: 300 });
    const teacher = ', noise: 0.45, concurrency: 1';
    await ends(home.cli('compare', grid('joined', { teacher, more: 'limit: 150' }), '--detach'), 0);
    // Paused, so that it is not over before the next command looks at it.
    await ends(home.cli('pause', 'joined'), 0);
    const again = await ends(home.cli('compare', grid('joined', { teacher, more: 'window: 3' }), '--detach'), 0);
    expect(again.stderr).toContain('joined the comparison "joined": 4 cells, at most 150 calls');
    expect(again.stderr).toContain(
      'It goes on with the limit 150, window 2 it was started with, not with the limit 160, window 3 of the file.',
    );
    const same = await ends(home.cli('compare', grid('joined', { teacher, more: 'limit: 150' }), '--detach'), 0);
    expect(same.stderr).not.toContain('It goes on with');
    // Also where its files are gone: then the engine knows.
    rmSync(folderOf('joined'), { recursive: true });
    for (const lost of [true, false]) {
      const { stderr } = await ends(home.cli('run', runFile('joined')), 2);
      expect(stderr).toContain('"joined" is the name of a comparison.');
      if (lost) await ends(home.cli('compare', grid('joined', { teacher, more: 'limit: 150' }), '--detach'), 0);
    }
    await home.behave({ latencyMs: 0 });
    await ends(home.cli('resume', 'joined'), 0);
    await ends(home.cli('stop', 'joined', '--now'), 0);
    await ends(home.cli('watch', 'joined'), 0);
  });
});
