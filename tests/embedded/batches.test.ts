import { toFile } from 'openai';
import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { classification } from '../../domain/tasks/classification.ts';
import { counters, recording, send, spawnServer, startServer, temporaryFolder } from './support.ts';

const Line = z.object({
  custom_id: z.string(),
  response: z.object({ status_code: z.int(), body: z.looseObject({}) }).nullable(),
  error: z.object({ code: z.string() }).nullable(),
});
type Line = z.infer<typeof Line>;

const rows = [
  { input: 'TIN PRICES RISE.', answer: 'tin' },
  { input: 'GOLD FALLS.', answer: 'gold' },
];

/** So many lines, the two recorded rows in turn; `extra` after them. */
function input(count: number, ...extra: readonly object[]): string {
  const task = classification(['gold', 'tin']);
  const line = (index: number): object => ({
    custom_id: `line-${index}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: {
      model: 'recorded-tiny',
      messages: task.annotatePrompt({ instruction: 'Name it.', ...(rows[index % 2] ?? { input: '', answer: '' }) }),
    },
  });
  return [...Array.from({ length: count }, (_, index) => line(index)), ...extra]
    .map((value) => `${JSON.stringify(value)}\n`)
    .join('');
}

async function create(client: OpenAI, text: string, key = 'a-key'): Promise<OpenAI.Batch> {
  const file = await client.files.create({ file: await toFile(Buffer.from(text), 'in.jsonl'), purpose: 'batch' });
  return await client.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    metadata: { key },
  });
}

/** Asks until it has ended; every answer is a turn of the server, so nothing sleeps. */
async function ended(client: OpenAI, id: string): Promise<OpenAI.Batch> {
  for (;;) {
    const batch = await client.batches.retrieve(id);
    if (['completed', 'failed', 'expired', 'cancelled'].includes(batch.status)) return batch;
  }
}

async function lines(client: OpenAI, file: string | undefined | null): Promise<Line[]> {
  if (!file) return [];
  const text = await (await client.files.content(file)).text();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => Line.parse(JSON.parse(line)));
}

const behave = async (origin: string, batches: object): Promise<void> => {
  const response = await send(`${origin}/embedded/behavior`, { batches }, { method: 'PUT' });
  expect(response.status).toBe(200);
};

test('a batch is answered in any order, each line billed once, lines that fail in the error file', async () => {
  const { client, origin } = await startServer({ data: recording() });
  const unknown = JSON.parse(
    input(1).replace('TIN PRICES RISE.', 'A line without a match.').replace('line-0', 'stray'),
  );
  const { id } = await create(client, input(20, unknown));
  const batch = await ended(client, id);
  expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 21, completed: 20, failed: 1 } });
  expect(batch.metadata).toEqual({ key: 'a-key' });
  const output = await lines(client, batch.output_file_id);
  const ids = output.map(({ custom_id: custom }) => custom);
  const sent = Array.from({ length: 20 }, (_, index) => `line-${index}`);
  expect(ids).not.toEqual(sent);
  expect(ids.toSorted()).toEqual(sent.toSorted());
  expect(output[0]?.response?.body).toMatchObject({ object: 'chat.completion', usage: expect.any(Object) });
  expect(await lines(client, batch.error_file_id)).toEqual([
    { custom_id: 'stray', response: expect.objectContaining({ status_code: 422 }), error: null },
  ]);
  expect((await counters(origin)).billed).toBe(20);
});

test('batches are listed newest first, page by page', async () => {
  const { client } = await startServer({ data: recording() });
  const made: string[] = [];
  for (const key of ['1', '2', '3']) made.push((await create(client, input(1), key)).id);
  const seen: string[] = [];
  for await (const batch of client.batches.list({ limit: 2 })) seen.push(batch.id);
  expect(seen).toEqual(made.toReversed());
});

test.each([
  ['no JSON', '{"custom_id": ', 'invalid_json_line'],
  ['an id twice', input(1) + input(1), 'duplicate_custom_id'],
  ['two models', input(1) + input(1).replace('recorded-tiny', 'other').replace('line-0', 'line-1'), 'mismatched_model'],
  ['another endpoint', input(1).replace('/v1/chat/completions', '/v1/embeddings'), 'invalid_request'],
  ['nothing', '\n', 'empty_file'],
  ['too many lines', input(6), 'too_many_tasks'],
])('an input file with %s fails in validation, and bills nothing', async (_, text, code) => {
  const { client, origin } = await startServer({ data: recording() });
  await behave(origin, { mostLines: 5 });
  const batch = await ended(client, (await create(client, text)).id);
  expect(batch.status).toBe('failed');
  expect(batch.errors?.data?.map((error) => error.code)).toContain(code);
  expect((await counters(origin)).billed).toBe(0);
});

test('an expired batch delivers what it has done, a cancelled one too; the queue has a limit of tokens', async () => {
  const { client, origin } = await startServer({ data: recording() });
  await behave(origin, { expire: { share: 0.6 }, fail: { every: 4, status: 500 } });
  const expired = await ended(client, (await create(client, input(10))).id);
  expect(expired).toMatchObject({ status: 'expired', request_counts: { total: 10, completed: 5, failed: 1 } });
  expect(await lines(client, expired.output_file_id)).toHaveLength(5);
  const failed = await lines(client, expired.error_file_id);
  expect(failed.filter(({ error }) => error?.code === 'batch_expired')).toHaveLength(4);
  expect((await counters(origin)).billed).toBe(5);

  await behave(origin, { lineMs: 60_000, mostTokens: 2_000 });
  const { id } = await create(client, input(10));
  await expect.poll(async () => (await client.batches.retrieve(id)).status, { interval: 5 }).toBe('in_progress');
  const second = await ended(client, (await create(client, input(11))).id);
  expect(second.errors?.data?.[0]?.code).toBe('token_limit_exceeded');
  await client.batches.cancel(id);
  const cancelled = await ended(client, id);
  expect(cancelled.status).toBe('cancelled');
  expect(await lines(client, cancelled.error_file_id)).toHaveLength(10);
  await expect(client.batches.cancel(id)).rejects.toMatchObject({ status: 409 });
});

test('a killed server goes on with its batches and bills no line twice', async () => {
  const state = temporaryFolder();
  const data = recording();
  const first = await spawnServer(state, [], data);
  await behave(first.origin, { lineMs: 20 });
  const { id } = await create(first.client, input(40));
  await expect.poll(async () => (await counters(first.origin)).billed, { interval: 5 }).toBeGreaterThan(5);
  await first.kill();
  const second = await spawnServer(state, [], data);
  const batch = await ended(second.client, id);
  expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 40, completed: 40, failed: 0 } });
  expect(await lines(second.client, batch.output_file_id)).toHaveLength(40);
  expect((await counters(second.origin)).billed).toBe(40);
});
