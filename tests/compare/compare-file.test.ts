/** Compare files: their cells, the names of the cells, and all problems together. */
import { describe, expect, test } from 'vitest';
import { cellsOf, dataOf, namesOf, problemsOf, wordnet } from './support.ts';

describe('cells', () => {
  test('every combination once, named by all axes in key order; a preset with fixed stages has one cell', () => {
    const names = namesOf([
      'name: grid',
      wordnet,
      'methods: [random-ft-cot, baldistill-a]',
      'slots: [60, 0.2]',
      'stages: [2, 3]',
      'seeds: 2',
    ]);
    expect(names).toHaveLength(2 * 2 * 1 + 2 * 2 * 2);
    expect(names).toContain('grid,data=wordnet,method=random-ft-cot,seed=1,slots=120,stages=1,student=default');
    expect(names).toContain('grid,data=wordnet,method=baldistill-a,seed=0,slots=60,stages=3,student=default');
  });

  test('names do not change when axes and cells are added', () => {
    const small = ['name: grid', wordnet, 'methods: [baldistill-a]', 'slots: [60]', 'seeds: [0]', 'stages: [5]'];
    const larger = [
      'name: grid',
      wordnet.replace(
        '{ wordnet:',
        '{ other: { data: { builtin: wordnet }, teacher: { embedded: simulated }, student: { embedded: naive-bayes } }, wordnet:',
      ),
      'methods: [random-ft-cot, baldistill-a, { name: full, method: baldistill-a, switches: { schedule: full } }]',
      'slots: [60, 90]',
      'seeds: [7, 0]',
      'stages: [3, 5]',
    ];
    expect(namesOf(larger)).toEqual(expect.arrayContaining(namesOf(small)));
  });

  test('grids: the top-level axes are their defaults', () => {
    const runs = cellsOf([
      'name: grid',
      wordnet,
      'methods: [baldistill-a, { name: full, method: baldistill-a, switches: { schedule: full } }]',
      'slots: [60]',
      'grids:',
      '  - { stages: [3, 5] }',
      '  - { stages: [1], methods: [baldistill-a, random-ft-cot] }',
      '  - { slots: [90], seeds: 3, methods: [baldistill-a], stages: [3] }',
    ]);
    expect(runs).toHaveLength(4 + 2 + 3);
    expect(runs).toContainEqual(expect.objectContaining({ method: 'full', budgets: ['60'] }));
  });

  test('two budgets with the same slots share one cell; a cap is reported', () => {
    const runs = cellsOf(
      [
        'name: grid',
        wordnet,
        'methods: [random-ft-cot]',
        'tooLarge: cap',
        'slots: { small: 0.5, B1: 300, large: 900 }',
      ],
      { pool: 600 },
    );
    expect(runs).toMatchObject([
      { budgets: ['small', 'B1'], capped: false, spec: { budget: { slots: 300, calls: 300 } } },
      { budgets: ['large'], capped: true, spec: { budget: { slots: 600 } } },
    ]);
  });

  test('separate run files, slots per data set, students, proportional limits', () => {
    const file = [
      'name: tickets',
      'data: { builtin: wordnet }',
      'method: baldistill-n',
      'switches: { refill: 1 }',
      'budget: { slots: 100, calls: 110 }',
      'teacher: { embedded: simulated }',
      'student: { embedded: naive-bayes }',
    ].join('\n');
    const runs = cellsOf(
      [
        'name: grid',
        'runs: { tickets: ../tickets.yaml }',
        'methods: [{ name: mine, method: baldistill-a, switches: { schedule: full }, stages: 4 }]',
        'students: { nb: { embedded: naive-bayes }, lm: { embedded: log-linear } }',
        'slots: { B1: { tickets: 200 }, B2: { others: 400 } }',
      ],
      { files: { '/tickets.yaml': file } },
    );
    expect(runs).toMatchObject([
      { student: 'nb', spec: { stages: 4, budget: { slots: 200, calls: 220 } } },
      { student: 'lm', spec: { student: { embedded: 'log-linear' }, switches: { refill: 1, schedule: 'full' } } },
    ]);
  });
});

test('a data set that the first budget leaves out is still prepared', () => {
  const run =
    '{ data: { builtin: wordnet, pool: 600 }, teacher: { embedded: simulated }, student: { embedded: naive-bayes } }';
  const lines = [
    'name: grid',
    `runs: { tickets: ${run}, others: ${run} }`,
    'methods: [random-ft-cot]',
    'slots: { B1: { tickets: 100 }, B2: { tickets: 200, others: 200 } }',
  ];
  expect(dataOf(lines)).toEqual(['tickets', 'others']);
  expect(cellsOf(lines)).toHaveLength(3);
});

describe('problems', () => {
  test('in the compare file: all together, with line, key and expectation', () => {
    const problems = problemsOf([
      'name: my grid',
      wordnet,
      'methods: [no-such-method]',
      'slots: [-1]',
      'window: 99',
      'color: red',
    ]);
    for (const place of ['line 1: name', 'line 3: methods', 'line 4: slots', 'line 5: window', 'line 6: color'])
      expect(problems.join('\n')).toContain(place);
  });

  test('unknown and ambiguous names', () => {
    const problems = problemsOf([
      'name: grid',
      wordnet,
      'baseline: unknown',
      'methods: [baldistill-a, { name: baldistill-a, method: baldistill-n }]',
      'data: [elsewhere]',
    ]).join('\n');
    expect(problems).toContain('line 3: baseline = unknown');
    expect(problems).toContain('line 4: methods.1 = baldistill-a: this name is already used for another method');
    expect(problems).toContain('line 5: data.0 = elsewhere');
  });

  test('in cells: reported once, at the axis that causes it', () => {
    const problems = problemsOf(
      [
        'name: grid',
        wordnet,
        'methods: [{ name: full, method: baldistill-a, switches: { schedule: full } }]',
        'stages: [1, 3]',
        'slots: [60, 700]',
        'seeds: 4',
      ],
      { pool: 600 },
    );
    expect(problems).toEqual([
      expect.stringMatching(/^line 3: methods\.0\.switches .*schedule full .* needs at least 2 stages$/),
      'line 5: slots.1 = 700: wordnet has 600 training rows; expected at most that many slots, or tooLarge: cap',
    ]);
  });

  test('slots of a run file are compared with the pool too', () => {
    const lines = [
      'name: grid',
      wordnet.replace('teacher:', 'budget: { slots: 300 }, teacher:'),
      'methods: [random-ft-cot]',
    ];
    expect(problemsOf(lines, { pool: 200 })).toEqual([
      'line 2: runs.wordnet = 300: wordnet has 200 training rows; expected at most that many slots, or tooLarge: cap',
    ]);
    const capped = cellsOf([...lines, 'tooLarge: cap'], { pool: 200 });
    expect(capped).toMatchObject([{ capped: true, spec: { budget: { slots: 200 } } }]);
    expect(cellsOf(lines)).toMatchObject([{ capped: false, budgets: ['default'], spec: { budget: { slots: 300 } } }]);
  });

  test('in a run file: with its own line', () => {
    const file = ['name: x', 'data: { builtin: wordnet }', 'budget: { slots: 10 }', 'teacher: { embedded: unknown }'];
    const problems = problemsOf(['name: grid', 'runs: { x: x.yaml, y: y.yaml }', 'methods: [random-ft-cot]'], {
      files: { '/files/x.yaml': file.join('\n') },
    });
    expect(problems).toEqual([expect.stringContaining('runs.y: there is no readable file /files/y.yaml')]);
    const one = problemsOf(['name: grid', 'runs: { x: x.yaml }', 'methods: [random-ft-cot]'], {
      files: { '/files/x.yaml': file.join('\n') },
    }).join('\n');
    expect(one).toContain('x.yaml, line 4: teacher.embedded');
    expect(one).toContain('student');
  });
});
