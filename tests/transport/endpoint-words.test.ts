/** What hosts say in their own words: whose trouble a refusal is, and answers of odd shapes, over real sockets. */
import { afterEach, expect, test } from 'vitest';
import { CallError } from '../../activities/ports/teacher.ts';
import type { PaidAnswer } from '../../activities/ports/ledger.ts';
import { lineResults } from '../../adapters/openai/teacher/batch-lines.ts';
import { openAiTeacher } from '../../adapters/openai/teacher/teacher.ts';
import { answer, listen } from './socket-server.ts';
import type { SocketServer } from './socket-server.ts';

let server: SocketServer | undefined;
afterEach(async () => {
  await server?.close();
});

async function reported(status: string, body: unknown, headers: Record<string, string> = {}): Promise<PaidAnswer> {
  server = await listen(({ socket }) => socket.write(answer(status, JSON.stringify(body), headers)));
  const baseUrl = server.url;
  const teacher = openAiTeacher({
    model: 'm',
    address: () => ({ baseUrl, apiKeyEnv: undefined, connections: 1, timeoutSeconds: 20 }),
    temperature: undefined,
    maxTokens: 16,
    maxTokensField: 'max_tokens',
    sendSeed: true,
    unbilled: [503],
  });
  return await teacher.complete(
    { messages: [{ role: 'user', content: 'Hello' }], seed: 7 },
    { idempotencyKey: 'k.0', signal: new AbortController().signal, onLimits: () => undefined },
  );
}

async function refused(...[status, body, headers]: Parameters<typeof reported>): Promise<CallError> {
  const error: unknown = await reported(status, body, headers).catch((caught: unknown) => caught);
  if (!(error instanceof CallError)) throw new Error('a CallError was expected', { cause: error });
  return error;
}

/** As vLLM has it: no `error`, and a number for a code. */
const vllm = (message: string) => ({ object: 'error', message, type: 'BadRequestError', param: null, code: 400 });

test.each([
  ['400 Bad Request', { error: vllm("This model's maximum context length is 512 tokens. You requested 700.") }],
  ['400 Bad Request', { error: { message: 'the request exceeds the available context size', code: 400 } }],
  ['400 Bad Request', { error: { message: 'prompt is too long: 210000 tokens > 200000 maximum', type: 'invalid' } }],
  ['422 Unprocessable Entity', { error: { message: 'inputs tokens + max_new_tokens must be <= 4096', code: null } }],
  ['422 Unprocessable Entity', { error: { message: 'The recording holds no such text.', code: 'not_recorded' } }],
  ['403 Forbidden', { error: { message: 'Your input was flagged by the moderation of this model.', code: 403 } }],
  ['413 Content Too Large', {}],
])('%s %j is the trouble of one row: it stays without an answer, and the run goes on', async (status, body) => {
  expect(await refused(status, body)).toMatchObject({ outcome: 'refused', failure: null, retryAfterMs: null });
});

test.each([
  ['422 Unprocessable Entity', 'seed', 'Extra inputs are not permitted'],
  ['422 Unprocessable Entity', null, 'unknown parameter: seed'],
  ['400 Bad Request', 'seed', 'seed is not supported by this model'],
  ['400 Bad Request', null, 'Bad request'],
])('%s about %s (%s) is the same for every row: the run is blocked', async (status, param, message) => {
  const error = await refused(status, { error: { message, param, code: null, type: 'invalid_request_error' } });
  expect(error).toMatchObject({ outcome: 'refused', failure: 'RequestRejected' });
});

test('a key that is refused is no flagged text', async () => {
  const error = await refused('403 Forbidden', { error: { message: 'This key may not use this model.' } });
  expect(error).toMatchObject({ failure: 'EndpointRefusesKey' });
});

test('a code that is no text is reported as the status', async () => {
  const error = await refused('500 Internal Server Error', { error: { message: 'no', code: 500, type: null } });
  expect(error).toMatchObject({ outcome: 'ambiguous', reason: 'http_500' });
  const line = { custom_id: 'a', response: { status_code: 500, body: { error: { message: 'no', code: 500 } } } };
  const file = (async function* () {
    yield Buffer.from(`${JSON.stringify(line)}\n`);
  })();
  for await (const { end } of lineResults(file, [])) expect(end).toEqual({ kind: 'forfeited', reason: 'http_500' });
  expect.assertions(2);
});

test('a Retry-After of hours waits one hour, and never zero', async () => {
  const error = await refused('429 Too Many Requests', { error: { message: 'daily' } }, { 'retry-after': '7200' });
  expect(error.retryAfterMs).toBe(3_600_000);
});

const choice = (message: object) => ({ choices: [{ message, finish_reason: 'stop' }], usage: null });

test.each([
  ['an empty refusal is none', choice({ content: 'yes', refusal: '' }), { text: 'yes', finishReason: 'stop' }],
  [
    'a message in parts is their text',
    choice({ content: [{ type: 'text', text: 'y' }, { type: 'image' }, { type: 'text', text: 'es' }] }),
    { text: 'yes', finishReason: 'stop' },
  ],
  [
    'a refusal is reported as one',
    choice({ content: null, refusal: 'I cannot.' }),
    { text: 'I cannot.', finishReason: 'refusal' },
  ],
  ['no choice at all is an answer that says nothing', { choices: [] }, { text: '', finishReason: 'stop' }],
])('%s', async (_, body, expected) => {
  expect(await reported('200 OK', body)).toMatchObject(expected);
});

const reporting = (usage: unknown) => ({ ...choice({ content: 'yes' }), usage });

test.each([
  ['negative', { prompt_tokens: -1, completion_tokens: 2 }, false],
  ['fractional', { prompt_tokens: 1.5, completion_tokens: 2 }, false],
  ['text', { prompt_tokens: '12', completion_tokens: 'NaN' }, false],
  ['null', { prompt_tokens: null, completion_tokens: 2 }, false],
  ['incomplete', { prompt_tokens: 3 }, false],
  ['a list', [1, 2], false],
  ['a number', 12, false],
  ['the largest safe integer', { prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 2 }, true],
  ['beyond it', { prompt_tokens: 3, completion_tokens: 2 ** 60 }, true],
  ['above every context there is', { prompt_tokens: 10_000_001, completion_tokens: 'x' }, true],
  [
    'so many from a cache',
    { prompt_tokens: 3, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 1e15 } },
    true,
  ],
])('a usage that is %s costs its figures, never the answer, and is kept as text', async (_, usage, impossible) => {
  expect(await reported('200 OK', reporting(usage))).toEqual({
    text: 'yes',
    finishReason: 'stop',
    inputTokens: null,
    cachedInputTokens: null,
    outputTokens: null,
    latencyMs: expect.any(Number),
    refusedUsage: { text: JSON.stringify(usage), impossible },
  });
});

test('a usage as long as a book is truncated; the largest one that a model can have is used', async () => {
  const long = await reported('200 OK', reporting({ prompt_tokens: 'x'.repeat(100_000) }));
  expect(long.refusedUsage?.text).toHaveLength(200);
  await server?.close();
  const most = await reported('200 OK', reporting({ prompt_tokens: 10_000_000, completion_tokens: 10_000_000 }));
  expect(most).toMatchObject({ inputTokens: 10_000_000, outputTokens: 10_000_000 });
  expect(most).not.toHaveProperty('refusedUsage');
});
