/** Embedded teacher and students of every kind of task, over HTTP: a folder with a reserve, prompts, answers, training. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { parseTeacherModelId, teacherModelId } from '../../contracts/run/embedded-models.ts';
import type { EmbeddedStudentBase } from '../../contracts/run/embedded-models.ts';
import { seededRandom } from '../../domain/random.ts';
import { answerLine, studentTarget } from '../../domain/tasks/answer-line.ts';
import { openTask } from '../../domain/tasks/open-task.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';
import { parseSynthesis } from '../../domain/tasks/tagged-text.ts';
import type { Item } from '../../domain/tasks/task.ts';
import { prepare, rowsOf, specOf } from '../prepare/world.ts';
import { failure, send, startServer, temporaryFolder, trained } from './support.ts';

const instruction = 'Do it.';

function sumRow(domain: string, index: number): object {
  return {
    id: `${domain}-${index}`,
    domain,
    question: `${domain} ${'abcdefghijklmnopqrstuvwxyz'[index % 26]} has ${index} apples and buys ${index + 3} in shop ${index * 7}. How many?`,
    answer: String(2 * index + 3),
    // Every other row was solved by a person.
    ...(index % 2 === 0 ? { rationale: `${index}+${index + 3}=${2 * index + 3}` } : {}),
  };
}

/** Forty rows a domain, two domains, and a third with one row. */
function mathFolder(): { data: string; folder: string } {
  const data = temporaryFolder();
  const folder = join(data, 'sums');
  mkdirSync(folder);
  const many = (domain: string): object[] => Array.from({ length: 40 }, (_, index) => sumRow(domain, index));
  const lines = [...many('easy'), ...many('hard'), sumRow('rare', 5)].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(join(folder, 'train.jsonl'), lines.join(''));
  return { data, folder };
}

const content = ({ choices }: OpenAI.ChatCompletion): string => choices[0]?.message.content ?? '';

test('the reserve is in no pool, is handed out as synthetic rows, and is wrong at the noise', async () => {
  const { data, folder } = mathFolder();
  const fields = { id: 'id', domain: 'domain', input: 'input', question: 'question', answer: 'answer' };
  const spec = specOf(folder, { folder: 'sums', train: 'train.jsonl', fields, reserve: 0.3 });
  const prepared = await prepare({ ...spec, task: 'math' });
  const pool = await rowsOf(prepared.pool);
  expect([prepared.reserved, pool.length]).toEqual([24, 57]);
  expect(pool.some(({ domain }) => domain === 'rare')).toBe(true);

  const { client, server } = await startServer({ data });
  const model = teacherModelId({
    kind: 'recorded',
    folder: 'sums',
    task: 'math',
    reserve: { share: 0.3, noise: 0.5 },
  });
  expect(parseTeacherModelId(model)).toMatchObject({ task: 'math', reserve: { share: 0.3, noise: 0.5 } });
  const math = openTask('math', []);
  const sources = new Map<string, number>();
  for (const row of pool) {
    const answer = await client.chat.completions.create({ model, messages: math.annotatePrompt(row) });
    expect(math.agrees(math.extract(content(answer), row), row)).toBe(true);
    sources.set(answer.system_fingerprint ?? '', (sources.get(answer.system_fingerprint ?? '') ?? 0) + 1);
  }
  expect([...sources.keys()].sort()).toEqual(['embedded-recorded-teacher', 'embedded-simulated-teacher']);

  const synthetic = new Map<string, boolean>();
  for (const domain of ['easy', 'hard']) {
    for (let ordinal = 0; ordinal < 12; ordinal += 1) {
      const messages = math.synthesizePrompt({ instruction, domain, shown: pool.slice(0, 3) });
      const text = content(await client.chat.completions.create({ model, messages, seed: 3_000_000 + ordinal }));
      const row = math.readSynthesis(text, domain, seededRandom(0));
      if (typeof row === 'string') throw new Error(row);
      expect(row.input).toContain(domain);
      synthetic.set(row.input, row.consistent);
    }
  }
  expect(synthetic.size).toBe(24);
  expect(pool.filter(({ input }) => synthetic.has(input))).toEqual([]);
  const wrong = [...synthetic.values()].filter((consistent) => !consistent).length;
  expect(wrong).toBeGreaterThan(4);
  expect(wrong).toBeLessThan(20);
  const messages = math.synthesizePrompt({ instruction, domain: 'rare', shown: [] });
  const dry = await send(`${server.url}/chat/completions`, { model, messages, seed: 3_000_000 });
  expect((await failure(dry)).code).toBe('supply_exhausted');
});

function total(values: readonly (number | null)[] = []): number {
  return values.reduce<number>((before, value) => before + (value ?? 0), 0);
}

/** A small lesson for each student that learns one kind of task: rows of a rule that it can find. */
const lessons: Record<Exclude<EmbeddedStudentBase, 'naive-bayes' | 'log-linear'>, { task: TaskName; rows: Item[] }> = {
  'one-vs-rest': {
    task: 'multi-label',
    rows: Array.from({ length: 60 }, (_, at) => {
      const [corn, tin] = [at % 2 === 0, at % 3 === 0];
      const input = `story ${at} ${corn ? 'maize crop fields' : 'quiet day'} ${tin ? 'metal mine ore' : 'no news'}`;
      const answer = [corn ? 'corn' : '', tin ? 'tin' : '', corn || tin ? '' : 'other'].filter(Boolean).join('; ');
      return { instruction, input, answer };
    }),
  },
  'linear-choice': {
    task: 'multiple-choice',
    rows: Array.from({ length: 60 }, (_, at) => {
      const gold = at % 3;
      const choices = ['stone', 'iron', 'brick'].map((word, index) => (index === gold ? 'fresh bread' : word));
      return { instruction, input: `What do people eat in town ${at}?`, choices, answer: 'ABC'[gold] ?? '' };
    }),
  },
  'linear-span': {
    task: 'abstractive-qa',
    rows: Array.from({ length: 60 }, (_, at) => {
      const name = `${'BCDFG'[at % 5]}${'aeiou'[at % 3]}ra`;
      const input = `It was a cold day in town. The king was called ${name}. No one knew why.\n\nQuestion: Who was the king?`;
      return { instruction, input, answer: name };
    }),
  },
  'linear-arithmetic': {
    task: 'math',
    rows: Array.from({ length: 60 }, (_, at) => ({
      instruction,
      input: `Ann has ${at + 2} boxes with ${at + 5} pens each. How many pens are there in total?`,
      answer: String((at + 2) * (at + 5)),
    })),
  },
};

test.each(Object.entries(lessons))(
  '%s learns its kind of task, with exact log probabilities',
  { timeout: 60_000 },
  async (base, { task: name, rows }) => {
    const { client } = await startServer();
    const task = openTask(name, ['corn', 'other', 'tin']);
    const lines = rows.slice(0, 45).map((row) => ({
      messages: [
        { role: 'user', content: task.studentPrompt(row) },
        { role: 'assistant', content: studentTarget('Because.', row.answer) },
      ],
    }));
    const model = await trained(client, base, lines.map((line) => JSON.stringify(line)).join('\n'));
    const fresh = rows.slice(45);
    const answers = await client.completions.create({
      model,
      prompt: fresh.map((row) => task.studentPrompt(row)),
      logprobs: 1,
      max_tokens: 50,
    });
    const texts = answers.choices.map(({ text }) => text);
    const right = fresh.filter((row, at) => task.agrees(task.extract(texts[at] ?? '', row), row)).length;
    expect(right).toBeGreaterThanOrEqual(12);

    // Generation and scoring are one distribution, and an answer alone is less likely than after its question.
    for (const [at, choice] of answers.choices.slice(0, 5).entries()) {
      const prompt = task.studentPrompt(fresh[at] ?? { instruction, input: '' });
      const length = choice.logprobs?.token_logprobs?.length ?? 0;
      const score = async (text: string): Promise<number> => {
        const echoed = await client.completions.create({ model, prompt: text, echo: true, logprobs: 1, max_tokens: 0 });
        return total(echoed.choices[0]?.logprobs?.token_logprobs?.slice(-length));
      };
      const generated = total(choice.logprobs?.token_logprobs ?? []);
      expect(await score(prompt + choice.text)).toBeCloseTo(generated, 9);
      expect(await score(choice.text)).toBeLessThan(generated);
    }
    if (name !== 'multi-label') return;
    // Over all sets of labels the probabilities add up to one.
    const sets = ['corn', 'tin', 'other', 'corn; tin', 'corn; other', 'tin; other', 'corn; tin; other'];
    const scored = await client.completions.create({
      model,
      prompt: sets.map((set) => task.studentPrompt(fresh[0] ?? { instruction, input: '' }) + answerLine(set)),
      echo: true,
      logprobs: 1,
      max_tokens: 0,
    });
    const whole = scored.choices.reduce(
      (sum, { logprobs }) => sum + Math.exp(logprobs?.token_logprobs?.at(-1) ?? 0),
      0,
    );
    expect(whole).toBeGreaterThan(0.5);
    expect(whole).toBeLessThan(1);
  },
);

test('choices of synthetic rows are shuffled with the gold letter kept on its choice', () => {
  const task = openTask('multiple-choice', []);
  const text =
    '<input>What is wet?</input><choices>\n(A) water\n(B) sand\n(C) air\n</choices>' +
    '<rationale>Water is. The correct answer is: A</rationale><answer>A</answer>';
  expect(parseSynthesis(text)?.choices).toEqual(['water', 'sand', 'air']);
  const letters = Array.from({ length: 300 }, (_, seed) => {
    const row = task.readSynthesis(text, 'any', seededRandom(seed));
    if (typeof row === 'string') throw new Error(row);
    expect(row.choices?.['ABC'.indexOf(row.answer)]).toBe('water');
    expect(row).toMatchObject({ consistent: true, rationale: 'Water is.' });
    return row.answer;
  });
  for (const letter of 'ABC') expect(letters.filter((found) => found === letter).length).toBeGreaterThan(70);
  expect(task.readSynthesis(text.replace('<answer>A', '<answer>D'), 'any', seededRandom(0))).toBe('bad_choices');
});

test.each([
  'Water is.\nANSWER:A',
  'The correct option is A',
  'Sand (B) is dry, so it is water.',
  'Water is; option b is dry.\nThe answer is: A',
  'The answer is A, as B is dry.\nSo it is water.',
])('a rationale that names a choice by its letter is left out once the choices moved: %j', (rationale) => {
  const task = openTask('multiple-choice', []);
  const text = `<input>Wet?</input><choices>\nwater\nsand\nair\n</choices><rationale>${rationale}</rationale><answer>A</answer>`;
  const found = Array.from({ length: 30 }, (_, seed) => {
    const row = task.readSynthesis(text, 'any', seededRandom(seed));
    if (typeof row === 'string') throw new Error(row);
    const moved = row.choices?.join() !== 'water,sand,air';
    expect(row.rationale === '').toBe(moved);
    return moved;
  });
  expect(new Set(found).size).toBe(2);
});
