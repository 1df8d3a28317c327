/** What bad input gets, through the command line: everything said at once, nothing started, and blocked runs fixed. */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ends, modelAway, openHome, resultOf, storyFile } from '../durability/rig.ts';
import type { Home } from '../durability/rig.ts';

let home: Home;
beforeAll(async () => {
  home = await openHome();
});
afterAll(async () => await home.end());

/** 80 slots in two stages. */
const smallFile = (name: string, teacher = '', slots = 80): string =>
  storyFile(name, teacher).replace('stages: 4', 'stages: 2').replace('slots: 240', `slots: ${slots}`);

/** No process, and nothing in the home but what the story itself put there. */
function expectNothingStarted(): void {
  expect(home.processes()).toEqual([]);
  expect(readdirSync(home.path).filter((name) => !/^bundles$|\.(yaml|jsonl)$/.test(name))).toEqual([]);
}

describe('before anything runs', () => {
  test('a run file with several mistakes: all of them in one message', async () => {
    const file = home.file(
      'mistakes.yaml',
      'name: my run\ndata: { builtin: wordnet, pool: 6 }\nstages: 0\nbudget: { slots: many }\n' +
        'teacher: { embedded: simulated, noise: 2, color: red }\nstudent: { embedded: naive-bayes }\n',
    );
    const { stderr } = await ends(home.cli('run', file), 2);
    for (const place of [
      'line 1: name',
      'line 2: data.pool',
      'line 3: stages',
      'line 4: budget.slots',
      'teacher.noise',
      'color',
    ])
      expect(stderr).toContain(place);
    expect(stderr).toContain('Nothing was started.');
    expectNothingStarted();
  });

  test('rows without text or label, an id twice, a broken line in the middle: each with its line, nothing imported', async () => {
    home.file(
      'rows.jsonl',
      [
        '{"id":"a","text":"one","label":"x"}',
        '{"id":"b","text":"","label":"x"}',
        '{"id":"c","text":"three"}',
        '{"id":"d","text":"four","la',
        '{"id":"a","text":"five","label":"y"}',
        '{"id":"f","text":"six","label":"y"}',
        '',
      ].join('\n'),
    );
    const file = home.file(
      'rows.yaml',
      'name: rows\ndata: { train: rows.jsonl, fields: { id: id, input: text, answer: label } }\nstages: 2\n' +
        'budget: { slots: 4 }\nmethod: adaptive-ft-cot\nstudent: { driver: none }\n' +
        'teacher: { baseUrl: "http://127.0.0.1:9/v1", model: unknown }\n',
    );
    const { stderr } = await ends(home.cli('run', file), 2);
    for (const line of [2, 3, 4, 5]) expect(stderr).toContain(`rows.jsonl, line ${line}:`);
    expect(stderr).not.toMatch(/line [16]:/);
    expectNothingStarted();
  });
});

describe('a label of a megabyte', () => {
  test('is refused with its line before anything starts, within seconds', { timeout: 60_000 }, async () => {
    const rows = [`{"id":"a","text":"one","label":"${'L'.repeat(1_000_000)}"}`, '{"id":"b","text":"two","label":"y"}'];
    home.file('long.jsonl', `${rows.join('\n')}\n`);
    const file = home.file(
      'long.yaml',
      'name: long\ndata: { train: long.jsonl, fields: { id: id, input: text, answer: label } }\nstages: 1\n' +
        'budget: { slots: 2 }\nmethod: adaptive-ft-cot\nstudent: { driver: none }\n' +
        'teacher: { baseUrl: "http://127.0.0.1:9/v1", model: unknown }\n',
    );
    const { stderr } = await ends(home.cli('run', file), 2);
    expect(stderr).toMatch(/long\.jsonl, line 1: label = "L{56}\.\.\.: expected .* of at most 256 characters/);
    expect(stderr.length).toBeLessThan(1000);
    expectNothingStarted();
  });
});

describe('while services run', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await ends(home.cli('dev'), 0);
  });

  test('a finished run is reported at once; a changed file of its name is refused with the differences', async () => {
    const first = resultOf(await ends(home.cli('run', home.file('done.yaml', smallFile('done')), '--json'), 0));
    const { requests } = await home.counters();
    const again = await ends(home.cli('run', home.file('done.yaml', smallFile('done')), '--json'), 0);
    expect(resultOf(again)).toEqual(first);
    expect(again.stderr).toBe('');
    const { stderr } = await ends(
      home.cli('run', home.file('done.yaml', smallFile('done', '', 100)), '--seed', '0', '--name', 'done'),
      2,
    );
    expect(stderr).toContain('budget.slots: 80 -> 100');
    expect(stderr).toContain('--name');
    expect((await home.counters()).requests).toBe(requests);
  });

  test('an unknown model blocks the run: exit 3, reason and remedy, as often as it is asked', async () => {
    const teacher = `teacher: { baseUrl: '${home.endpoint().href}', model: gpt-that-never-was }`;
    const file = home.file('unknown.yaml', smallFile('unknown').replace(/^teacher:.*$/m, teacher));
    for (const words of [
      ['run', file],
      ['watch', 'unknown'],
    ]) {
      const { stderr } = await ends(home.cli(...words), 3);
      expect(stderr).toMatch(/The run "unknown" is blocked: .*gpt-that-never-was/);
      expect(stderr).toContain('baldistill resume unknown');
    }
    expect((await home.summary('unknown')).budget).toMatchObject({ charged: 0 });
    await ends(home.cli('stop', 'unknown', '--now'), 0);
    await ends(home.cli('watch', 'unknown'), 0);
  });

  test('a model that comes back: the blocked run continues after `resume`, and pays for nothing twice', async () => {
    await home.behave({ faults: [modelAway] });
    const file = home.file('away.yaml', smallFile('away', ', noise: 0.1'));
    const { stderr } = await ends(home.cli('run', file), 3);
    expect(stderr).toContain('The run "away" is blocked');
    expect((await home.summary('away')).budget).toMatchObject({ charged: 0, forfeited: 0 });
    const { billed } = await home.counters();
    await home.behave({ faults: [] });
    await ends(home.cli('resume', 'away'), 0);
    expect(resultOf(await ends(home.cli('run', file, '--json'), 0))).toMatchObject({ status: 'completed' });
    const { budget, calls } = await home.summary('away');
    expect(budget).toMatchObject({ charged: 80, settled: 80, forfeited: 0 });
    expect(calls).toMatchObject({ open: 0 });
    expect((await home.counters()).billed - billed).toBe(80);
  });
});
