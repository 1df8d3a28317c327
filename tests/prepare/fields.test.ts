/** Rows whose domain is counted, and rows that are chat messages. */
import { describe, expect, test } from 'vitest';
import { dataFolder, prepare, rowsOf, specOf, tableOf } from './world.ts';

const solved = (id: string, ...lines: readonly string[]) => ({
  id,
  text: `problem ${id}`,
  label: 'x',
  solution: lines.join('\n'),
});

describe('domainFrom', () => {
  const folder = dataFolder({
    'train.jsonl': [
      solved('one', 'a'),
      solved('blank', '', 'a', '   ', 'b', ''),
      solved('three', 'a', 'b', 'c'),
      solved('five', 'a', 'b', 'c', 'd', 'e'),
      solved('twelve', ...Array.from({ length: 12 }, (_, line) => `step ${line}`)),
    ],
    'test.jsonl': [solved('t', 'a', 'b', 'c', 'd')],
  });
  const files = { train: 'train.jsonl', test: 'test.jsonl' };
  const fields = { id: 'id', input: 'text', answer: 'label' };

  test('lines: as many as are not blank; from `most` on, 8 unless said, all are one domain', async () => {
    const byDefault = await prepare(specOf(folder, { ...files, fields, domainFrom: { lines: 'solution' } }));
    expect((await rowsOf(byDefault.pool)).map(({ id, domain }) => [id, domain])).toEqual([
      ['one', 'lines-1'],
      ['blank', 'lines-2'],
      ['three', 'lines-3'],
      ['five', 'lines-5'],
      ['twelve', 'lines-8plus'],
    ]);
    const few = await prepare(specOf(folder, { ...files, fields, domainFrom: { lines: 'solution', most: 3 } }));
    // The answer stays the only label: the domain is counted from another field.
    expect(await tableOf(few)).toEqual({
      labels: ['x'],
      labelCounts: { x: 5 },
      pool: { 'lines-1': 1, 'lines-2': 1, 'lines-3plus': 3 },
      validation: {},
      test: { 'lines-3plus': 1 },
      unscored: ['lines-1', 'lines-2'],
    });
  });

  test('a row that names its domain keeps it, and one with neither is refused', async () => {
    const mixed = dataFolder({
      'train.jsonl': [
        { id: 'a', text: 'one', label: 'x', topic: 'named', solution: 'a\nb' },
        { id: 'b', text: 'two', label: 'x', solution: 'a\nb' },
      ],
      'bad.jsonl': [{ id: 'c', text: 'three', label: 'x', solution: ' \n' }],
    });
    const data = { fields: { ...fields, domain: 'topic' }, domainFrom: { lines: 'solution' } };
    const prepared = await prepare(specOf(mixed, { train: 'train.jsonl', ...data }));
    expect((await rowsOf(prepared.pool)).map(({ domain }) => domain)).toEqual(['named', 'lines-2']);
    await expect(prepare(specOf(mixed, { train: 'bad.jsonl', ...data }))).rejects.toMatchObject({
      message: expect.stringContaining('bad.jsonl, line 1: solution = " \\n": expected text that is not empty'),
    });
  });
});

describe('messages', () => {
  const fields = { id: 'id', messages: 'chat', answer: 'label' };
  const user = { role: 'user', content: 'Where is my card?' };

  test('a single one is its own text, several are reported by their roles; more keys do no harm', async () => {
    const folder = dataFolder({
      'train.jsonl': [
        { id: 'single', label: 'card', chat: [{ ...user, name: 'someone', extra: 1 }] },
        {
          id: 'several',
          label: 'cash',
          chat: [{ role: 'system', content: 'Be kind.' }, user, { role: 'assistant', content: 'On\nits way.' }],
        },
      ],
    });
    const { pool } = await prepare(specOf(folder, { train: 'train.jsonl', fields }));
    expect((await rowsOf(pool)).map(({ id, domain, input }) => [id, domain, input])).toEqual([
      ['single', 'card', 'Where is my card?'],
      ['several', 'cash', 'system: Be kind.\n\nuser: Where is my card?\n\nassistant: On\nits way.'],
    ]);
  });

  test('a question comes after them', async () => {
    const folder = dataFolder({ 'train.jsonl': [{ id: 'a', label: 'card', chat: [user], ask: 'What is it about?' }] });
    const { pool } = await prepare(specOf(folder, { train: 'train.jsonl', fields: { ...fields, question: 'ask' } }));
    expect((await rowsOf(pool))[0]?.input).toBe('Where is my card?\n\nQuestion: What is it about?');
  });

  test('what is no list of messages is reported with its line', async () => {
    const folder = dataFolder({
      'train.jsonl': [
        { id: 'a', label: 'card', chat: [] },
        { id: 'b', label: 'card', chat: 'Where is my card?' },
        { id: 'c', label: 'card' },
        { id: 'd', label: 'card', chat: [{ role: 'user' }] },
        { id: 'e', label: 'card', chat: [user] },
      ],
    });
    const said = await prepare(specOf(folder, { train: 'train.jsonl', fields })).then(String, String);
    const expected = 'expected a list of messages with role and content';
    expect(said.split('\n').slice(1)).toEqual([
      `  train.jsonl, line 1: chat = []: ${expected}`,
      `  train.jsonl, line 2: chat = "Where is my card?": ${expected}`,
      `  train.jsonl, line 3: chat: missing; ${expected}`,
      `  train.jsonl, line 4: chat = [{"role":"user"}]: ${expected}`,
    ]);
  });
});
