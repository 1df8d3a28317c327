import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatProblems } from '../../adapters/run-file/problem.ts';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import type { Overrides } from '../../adapters/run-file/overrides.ts';
import { methodNames } from '../../domain/methods.ts';
import type { Switches } from '../../domain/methods.ts';

let dataRoot = '';
beforeAll(() => {
  dataRoot = mkdtempSync(join(tmpdir(), 'baldistill-data-'));
  mkdirSync(join(dataRoot, 'r52'));
  writeFileSync(join(dataRoot, 'r52', 'train.jsonl'), '');
});
afterAll(() => rmSync(dataRoot, { recursive: true }));

function problemsOf(text: string, overrides: Overrides = {}, folder: string | undefined = dataRoot): string {
  const resolved = resolveRunFile(text, { path: 'run.yaml', overrides, dataRoot: folder });
  return resolved.ok ? 'no problems' : formatProblems('run.yaml', resolved.problems).replaceAll(dataRoot, 'DATA');
}

/** A good file with this method and these switches. */
function switches(method: string, of: string): string {
  return problemsOf(`${good}method: ${method}\nswitches: ${of}\n`);
}

const good = `name: demo
data: { builtin: wordnet }
budget: { slots: 1000 }
teacher: { embedded: simulated }
student: { embedded: naive-bayes }
`;

/** The good file with this student, which is to learn every token. */
function full(student: string): string {
  return problemsOf(good.replace('{ embedded: naive-bayes }', student), { 'switches.loss': 'full' });
}

describe('an address', () => {
  test.each([
    'https://someone:hunter2@example.com/v1',
    'https://hunter2@example.com',
    'https:\\\\:hunter2@example.com',
  ])('never holds user name or password, for reports show it: %s', (address) => {
    const teacher = `teacher: { baseUrl: '${address}', model: m, price: free }`;
    expect(problemsOf(good.replace(/^teacher.*$/m, teacher))).toContain(
      'expected an address without user name and password: write the name of an environment variable as apiKeyEnv',
    );
  });

  test.each([
    ['?key=AIzaSyExample', 'the query parameter "key"'],
    ['?api-version=2024-10-21&api_key=hunter2', 'the query parameter "api_key"'],
    ['?subscriptionKey=hunter2', 'the query parameter "subscriptionKey"'],
    ['?Ocp-Apim-Subscription-Key=hunter2', 'the query parameter "Ocp-Apim-Subscription-Key"'],
    ['?accesstoken=hunter2', 'the query parameter "accesstoken"'],
    ['?sig=hunter2', 'the query parameter "sig"'],
    ['?project=0123456789abcdef01234567', 'the query parameter "project"'],
    ['?0123456789abcdef0123456789', 'its query'],
    ['#hunter2', 'the part after #'],
  ])('never holds a key, for the ledger and histories keep it: %s', (rest, what) => {
    const teacher = `teacher: { baseUrl: 'https://example.com/v1${rest}', model: m, price: free }`;
    const problems = problemsOf(good.replace(/^teacher.*$/m, teacher));
    expect(problems).toContain(`expected an address without credentials: ${what}`);
    expect(problems).toContain('apiKeyEnv');
    expect(problems).not.toMatch(/hunter2|AIza|0123456789/);
    const student = `student: { driver: manual, baseUrl: 'https://example.com/v1${rest}', price: free }`;
    expect(problemsOf(good.replace(/^student.*$/m, student))).toContain(what);
  });

  test.each(['?api-version=2024-10-21', '?api-version=2024-10-01-preview&deployment=gpt-4o-mini', '?region=eu'])(
    'may say a version and the like in its query: %s',
    (rest) => {
      const teacher = `teacher: { baseUrl: 'https://example.com/v1${rest}', model: m, price: free }`;
      expect(problemsOf(good.replace(/^teacher.*$/m, teacher))).toBe('no problems');
    },
  );

  test('may hold an @ elsewhere', () => {
    const teacher = "teacher: { baseUrl: 'https://example.com/v1/@team', model: m, price: free }";
    expect(problemsOf(good.replace(/^teacher.*$/m, teacher))).toBe('no problems');
  });
});

test('amounts that multiply into charges have a limit', () => {
  const teacher = 'teacher: { baseUrl: "https://example.com/v1", model: m, price: free, maxTokens: 9007199254740991 }';
  const student =
    'student: { baseUrl: "https://example.com/v1", model: m, maxTokens: { select: 10000001, evaluate: 5 }, hyperparameters: { epochs: 1001 } }';
  const file = good.replace(/^teacher.*$/m, teacher).replace(/^student.*$/m, student);
  expect(problemsOf(file)).toMatchInlineSnapshot(`
    "run.yaml: 3 problems
      line 4: teacher.maxTokens = 9007199254740991: expected at most 10000000
      line 5: student.maxTokens.select = 10000001: expected at most 10000000
      line 5: student.hyperparameters.epochs = 1001: expected at most 1000"
  `);
});

/** A good file with a template of one’s own. */
function own(kind: string, text: string, rest = ''): string {
  writeFileSync(join(dataRoot, 'own.txt'), text);
  const teacher = `teacher: { embedded: simulated, prompts: { ${kind}: ${join(dataRoot, 'own.txt')} } }`;
  return problemsOf(good.replace(/^teacher.*$/m, teacher) + rest);
}

describe('templates of one’s own', () => {
  test('are refused for placeholders that are unknown or missing, with line, key and expectation', () => {
    expect(own('annotate', 'Explain.\n---\n{text} is {answer}: \\boxed{x}')).toMatchInlineSnapshot(`
      "run.yaml: 4 problems
        line 4: teacher.prompts.annotate = "DATA/own.txt": DATA/own.txt, line 3: {text} is no placeholder of it; expected {input} {answer} {format} {instruction} {labels}, or {{text}} for braces that stay
        line 4: teacher.prompts.annotate = "DATA/own.txt": DATA/own.txt, line 3: {x} is no placeholder of it; expected {input} {answer} {format} {instruction} {labels}, or {{x}} for braces that stay
        line 4: teacher.prompts.annotate = "DATA/own.txt": DATA/own.txt: {input} is missing; it has to hold {input} {answer} {format}
        line 4: teacher.prompts.annotate = "DATA/own.txt": DATA/own.txt: {format} is missing; it has to hold {input} {answer} {format}"
    `);
    expect(own('synthesize', 'A new one of {domain}, unlike {examples}. {format} {answer}')).toMatchInlineSnapshot(`
      "run.yaml: 1 problem
        line 4: teacher.prompts.synthesize = "DATA/own.txt": DATA/own.txt, line 1: {answer} is no placeholder of it; expected {domain} {examples} {format} {instruction} {labels} {avoid}, or {{answer}} for braces that stay"
    `);
    expect(own('verify', '{input} {format}')).toMatchInlineSnapshot(`
      "run.yaml: 1 problem
        line 4: teacher.prompts.verify = "DATA/own.txt": DATA/own.txt: {labels} is missing; it has to hold {input} {format} {labels}"
    `);
    expect(own('verify', '{input} {labels} {format}', 'task: math\n')).toContain('{labels} is no placeholder of it');
    // Earlier names of this key and of this task mean the same.
    expect(own('synthesise', '{domain}')).toBe(own('synthesize', '{domain}'));
    const renamed = own('verify', '{input} {labels} {format}', 'task: maths\n');
    expect(renamed).toBe(own('verify', '{input} {labels} {format}', 'task: math\n'));
    expect(own('annotate', '{input} {answer} {format} {{x}} {1} { }')).toBe('no problems');
  });

  test('are refused where they cannot be read, or are too long to travel', () => {
    const absent = good.replace(/^teacher.*$/m, 'teacher: { embedded: simulated, prompts: { verify: none.txt } }');
    expect(problemsOf(absent)).toContain('teacher.prompts.verify = "none.txt": there is no file');
    expect(own('annotate', `{input} {answer} {format} ${'x'.repeat(8000)}`)).toContain('expected at most 8000');
    expect(own('annotate', '\u0000').length).toBeGreaterThan(0);
    expect(own('annotate', `{input} {answer} {format} ${'x'.repeat(40_000)}`)).toContain(
      'own.txt has 40026 bytes; expected at most 8000 characters',
    );
    const folder = good.replace(/^teacher.*$/m, 'teacher: { embedded: simulated, prompts: { verify: / } }');
    expect(problemsOf(folder)).toContain('/ is no file');
    const unknown = good.replace(/^teacher.*$/m, 'teacher: { embedded: simulated, prompts: { invent: a.txt } }');
    expect(problemsOf(unknown)).toContain('teacher.prompts.invent');
  });
});

test('settings that are too large for the engine are refused, with what to shorten', () => {
  const templates = {
    annotate: '{input} {answer} {format}',
    synthesize: '{domain} {examples} {format}',
    verify: '{input} {labels} {format}',
  };
  const files = Object.entries(templates).map(([kind, text]) => {
    writeFileSync(join(dataRoot, `${kind}.txt`), text + '語'.repeat(7900));
    return `${kind}: ${join(dataRoot, `${kind}.txt`)}`;
  });
  const teacher = `teacher: { embedded: simulated, prompts: { ${files.join(', ')} } }`;
  expect(problemsOf(good.replace(/^teacher.*$/m, teacher))).toMatch(
    /take 7\d{4} bytes; expected at most 49152: shorten the templates, or leave out prices of other models$/,
  );
  const model = good.replace(/^teacher.*$/m, `teacher: { baseUrl: 'https://a.b/v1', model: ${'m'.repeat(201)} }`);
  expect(problemsOf(model)).toContain('expected at most 200 characters');
});

describe('a run file with several mistakes', () => {
  test('gets all of them in one message, with line, key, value and expectation', () => {
    const text = `name: "my run"
data:
  builtin: wordnet
  pool: 10
method: baldistil-a
switches:
  balance: adaptiv
  candidates: maybe
stages: 0
budget:
  slots: many
  call: 3
seed: -1
teacher:
  embedded: simulated
  noise: 2
  idempotency: { tl: 3 }
student:
  driver: magic
color: red
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "run.yaml: 14 problems
        line 1: name = "my run": expected letters, digits and . _ , = + - only, starting with a letter or digit
        line 4: data.pool = 10: expected a whole number from 50 to 40000
        line 5: method = "baldistil-a": expected recommended, baldistill-a, baldistill-n, adaptive-ft-cot, active-ft-cot, balance-ft-cot, duplicate-ft-cot, random-ft-cot, random-ft or zero-shot-cot
        line 7: switches.balance = "adaptiv": expected adaptive, naive, natural or none
        line 8: switches.candidates = "maybe": expected auto or all, or a whole number of at least 1
        line 9: stages = 0: expected a whole number from 1 to 100
        line 11: budget.slots = "many": expected a whole number from 1 to 10000000
        line 12: budget.call = 3: unknown key; did you mean calls?
        line 13: seed = -1: expected a whole number from 0 to 1000000
        line 16: teacher.noise = 2: expected a number from 0 to 1
        line 17: teacher.idempotency.ttl: missing; expected a whole number of at least 1
        line 17: teacher.idempotency.tl = 3: unknown key; did you mean ttl?
        line 19: student.driver = "magic": expected manual, command or none
        line 20: color = "red": unknown key; known here: name, data, task, method, switches, stages, budget, seed, teacher, student and prices"
    `);
  });

  test('names what is missing, and what a union could have been', () => {
    expect(problemsOf('name: a\nteacher: {}\nstudent: 3\n')).toMatchInlineSnapshot(`
      "run.yaml: 4 problems
        line 1: data: missing; expected a block with builtin, or a block with train and fields
        line 1: budget: missing; expected a block with the keys slots, calls, tokens, usd, cached and maxForfeits
        line 2: teacher = {...}: expected a block with embedded, or a block with baseUrl and model
        line 3: student = 3: expected a block with embedded, or a block with baseUrl and model, or a block with driver, or a block with driver, train and baseUrl"
    `);
  });

  test('chooses the alternative that was meant', () => {
    const text = `name: a
data: { folder: r52, fields: { input: text } }
budget: { slots: 10 }
teacher: { baseUrl: 'ftp://x', temperature: hot, apiKeyEnv: sk-secret-123 }
student: { driver: manual, baseUrl: 7 }
`;
    const message = problemsOf(text);
    expect(message).not.toContain('sk-secret-123');
    expect(message).toMatchInlineSnapshot(`
      "run.yaml: 7 problems
        line 2: data.train: missing; expected text, or a block with path
        line 2: data.fields.answer: missing; expected text
        line 4: teacher.baseUrl = "ftp://x": expected an address that starts with http:// or https://
        line 4: teacher.model: missing; expected text
        line 4: teacher.apiKeyEnv = (not shown): expected the name of an environment variable, never the key itself
        line 4: teacher.temperature = "hot": expected a number from 0 to 2
        line 5: student.baseUrl = 7: expected an address that starts with http:// or https://"
    `);
  });

  test('broken YAML is reported with its line', () => {
    expect(problemsOf('name: a\nname: b\ndata: [1,\n')).toMatchInlineSnapshot(`
      "run.yaml: 2 problems
        line 2: not valid YAML: Map keys must be unique
        line 4: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]"
    `);
    expect(problemsOf('')).toMatchInlineSnapshot(`
      "run.yaml: 1 problem
        line 1: expected a run file: name, data, method, budget, teacher and student"
    `);
    expect(problemsOf('just text')).toMatchInlineSnapshot(`
      "run.yaml: 1 problem
        line 1: expected a run file: name, data, method, budget, teacher and student"
    `);
  });
});

describe('what cannot be combined', () => {
  test('limits, stages, schedule, student, teacher and data: each with its reason', () => {
    const text = `name: a
data: { folder: reuters, train: train.jsonl, fields: { input: text, answer: label } }
switches: { schedule: full }
stages: 1
budget: { slots: 100, calls: 50 }
teacher: { embedded: simulated }
student: { driver: none }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "run.yaml: 4 problems
        line 2: data.folder = "reuters": DATA/reuters does not exist; set BALDISTILL_DATA to the folder that holds reuters
        line 3: switches.schedule = "full": the schedule full goes from natural to balanced and needs at least 2 stages
        line 5: budget.calls = 50: expected at least budget.slots (100): each slot needs one teacher call
        line 6: teacher.embedded = "simulated": the simulated teacher knows the answers of built-in data only (data.builtin: wordnet)"
    `);
  });

  test('a mistake in one block does not hide what cannot be combined elsewhere', () => {
    const text = good.replace('{ slots: 1000 }', '{ slots: 1000, calls: 10 }').replace('naive-bayes', 'bayes');
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "run.yaml: 2 problems
        line 3: budget.calls = 10: expected at least budget.slots (1000): each slot needs one teacher call
        line 5: student.embedded = "bayes": expected naive-bayes, log-linear, one-vs-rest, linear-choice, linear-span or linear-arithmetic"
    `);
  });

  test('a student is needed to select by IFD, and only then', () => {
    const none = good.replace('{ embedded: naive-bayes }', '{ driver: none }');
    expect(problemsOf(none)).toContain('needs one; use adaptive-ft-cot');
    expect(problemsOf(none, { method: 'adaptive-ft-cot' })).toBe('no problems');
    expect(problemsOf(none, { stages: 1 })).toBe('no problems');
  });

  test('a preset of one stage wins over the file, unless both were chosen by the same hand', () => {
    expect(problemsOf(`${good}stages: 5\n`, { method: 'random-ft-cot' })).toBe('no problems');
    expect(problemsOf(`${good}stages: 5\nmethod: random-ft-cot\n`)).toContain(
      'random-ft-cot has 1 stage by definition',
    );
    expect(problemsOf(good, { method: 'random-ft-cot', stages: 3 })).toContain(
      'command line: stages = 3: random-ft-cot has',
    );
  });

  test('a switch that would change nothing is refused where it is written, with the reason', () => {
    const idle = [
      switches('baldistill-n', '{ schedule: full }'),
      switches('adaptive-ft-cot', '{ scoreOn: gold, diversity: distinct-output, candidates: 3 }'),
      switches('baldistill-a', '{ scoreOn: gold, diversity: distinct-output }'),
      switches('active-ft-cot', '{ tail: none, shortfall: reallocate, verify: teacher }'),
      switches('duplicate-ft-cot', '{ consistency: drop, nearDuplicates: drop }'),
      switches('random-ft', '{ onMismatch: drop }'),
    ];
    expect(idle.join('\n')).toMatchInlineSnapshot(`
      "run.yaml: 1 problem
        line 7: switches.schedule = "full": it would change nothing: only balance: adaptive goes from one distribution to another
      run.yaml: 3 problems
        line 7: switches.scoreOn = "gold": it would change nothing: select: random ranks no rows
        line 7: switches.diversity = "distinct-output": it would change nothing: select: random ranks no rows
        line 7: switches.candidates = 3: it would change nothing: select: random ranks no rows
      run.yaml: 1 problem
        line 7: switches.diversity = "distinct-output": it would change nothing: it compares what the student writes, and with scoreOn: gold it writes nothing
      run.yaml: 3 problems
        line 7: switches.tail = "none": it would change nothing: with balance: none there are no quotas, so no domain falls short of one
        line 7: switches.shortfall = "reallocate": it would change nothing: with balance: none there are no quotas, so no domain falls short of one
        line 7: switches.verify = "teacher": it would change nothing: no rows are synthesized with balance: none
      run.yaml: 2 problems
        line 7: switches.consistency = "drop": it would change nothing: no rows are synthesized with tail: none
        line 7: switches.nearDuplicates = "drop": it would change nothing: no rows are synthesized with tail: none
      run.yaml: 1 problem
        line 7: switches.onMismatch = "drop": it would change nothing: with rationale: none real rows have no rationale that could mismatch"
    `);
    // The first value of a switch says nothing, and what only the preset says is no mistake of the file.
    expect(switches('random-ft-cot', '{ tail: real-first, shortfall: duplicate, verify: off }')).toBe('no problems');
    expect(switches('recommended', '{ balance: none, select: random }')).toBe('no problems');
  });

  test('every preset is allowed, and its neighbours by one switch are allowed or refused with a reason', () => {
    const values = {
      balance: ['adaptive', 'naive', 'natural', 'none'],
      schedule: ['paper', 'full'],
      select: ['ifd', 'random', 'uncertainty'],
      scoreOn: ['self', 'gold'],
      diversity: ['off', 'distinct-output'],
      tail: ['real-first', 'none'],
      shortfall: ['duplicate', 'reallocate', 'leave'],
      onMismatch: ['answer-only', 'drop', 'keep'],
      consistency: ['keep', 'drop'],
      nearDuplicates: ['keep', 'drop'],
      verify: ['off', 'teacher'],
      refill: [0, 1],
      ceiling: [3, 2],
      candidates: ['auto', 'all', 5],
      rationale: ['teacher', 'none'],
      format: ['text', 'chat'],
      loss: ['completion', 'full'],
      init: ['base', 'continue'],
    } satisfies Record<keyof Switches, readonly (string | number)[]>;
    const refused: string[] = [];
    for (const method of methodNames) {
      expect(problemsOf(good, { method })).toBe('no problems');
      for (const [key, given] of Object.entries(values))
        for (const value of given) {
          const said = problemsOf(good, { method, [`switches.${key}`]: value });
          if (said === 'no problems') continue;
          expect(said).toContain(`command line: switches.${key} = `);
          refused.push(`${method} ${key}=${value}`);
        }
    }
    expect(refused.filter((neighbour) => neighbour.startsWith('baldistill-a'))).toEqual([
      'baldistill-a ceiling=2',
      'baldistill-a format=chat',
      'baldistill-a loss=full',
      'baldistill-a init=continue',
    ]);
    expect(refused.filter((neighbour) => neighbour.startsWith('recommended'))).toHaveLength(3);
  });

  test('loss: full needs an endpoint that trains and accepts it', () => {
    expect(full('{ embedded: naive-bayes }')).toContain('the embedded students learn the completion only');
    expect(full('{ driver: manual }')).toContain('a student that is trained outside the run');
    expect(full('{ baseUrl: "http://127.0.0.1:8100/v1", model: tiny-llama:small }')).toBe('no problems');
  });

  test('a teacher is needed only where one is asked, and a base student where nothing is trained', () => {
    const without = good.replace('teacher: { embedded: simulated }\n', '');
    expect(problemsOf(without)).toContain('teacher: missing; expected a block with embedded, or a block with baseUrl');
    expect(problemsOf(without, { method: 'zero-shot-cot' })).toBe('no problems');
    expect(problemsOf(without, { method: 'random-ft' })).toBe('no problems');
    const manual = without.replace('{ embedded: naive-bayes }', '{ driver: manual }');
    expect(problemsOf(manual, { method: 'zero-shot-cot' })).toContain('evaluates the base student');
    expect(problemsOf(`${without}stages: 2\nmethod: zero-shot-cot\n`)).toContain('has no stages; leave the key out');
  });

  test('data that are not there', () => {
    const text = good
      .replace(
        '{ builtin: wordnet }',
        '{ folder: r52, train: train.jsonl, test: test.jsonl, fields: { input: a, answer: b } }',
      )
      .replace('simulated', 'recorded');
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "run.yaml: 1 problem
        line 2: data.test = "test.jsonl": there is no file DATA/r52/test.jsonl"
    `);
    expect(problemsOf(text, {}, join(dataRoot, 'nowhere'))).toContain('set BALDISTILL_DATA');
  });
});

describe('mistakes on the command line', () => {
  test('are reported as such', () => {
    const overrides = { slots: 'lots', method: 'best', 'switches.select': 'luck', 'name.first': 'x' };
    expect(problemsOf(good, overrides)).toMatchInlineSnapshot(`
      "run.yaml: 4 problems
        command line: name.first = x: there is no such block of keys in the run file
        command line: method = "best": expected recommended, baldistill-a, baldistill-n, adaptive-ft-cot, active-ft-cot, balance-ft-cot, duplicate-ft-cot, random-ft-cot, random-ft or zero-shot-cot
        command line: switches.select = "luck": expected ifd, random or uncertainty
        command line: budget.slots = "lots": expected a whole number from 1 to 10000000"
    `);
  });
});
