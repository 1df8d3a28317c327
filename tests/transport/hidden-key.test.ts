/** An endpoint that quotes the key it was sent: the key gets into no failure, hence into no history, ledger or log. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallError } from '../../activities/ports/teacher.ts';
import { openWire } from '../../conformance/requests/wire.ts';
import { openAiTeacher } from '../../adapters/openai/teacher/teacher.ts';
import { answer, listen } from './socket-server.ts';
import type { SocketServer } from './socket-server.ts';

// No pattern of a provider's keys fits it.
const key = 'swordfish.4711';
let server: SocketServer;
beforeEach(async () => {
  process.env['STORY_QUOTED_KEY'] = key;
  server = await listen(({ head, socket }) => {
    const sent = /^authorization: Bearer (.*)$/im.exec(head)?.[1]?.trim() ?? '';
    const error = { message: `Incorrect API key provided: ${sent}`, code: sent, type: null, param: null };
    socket.write(answer('401 Unauthorized', JSON.stringify({ error }), { 'x-request-id': 'r1' }));
  });
});
afterEach(async () => {
  delete process.env['STORY_QUOTED_KEY'];
  await server.close();
});

test('the teacher that refuses it', async () => {
  const teacher = openAiTeacher({
    model: 'm',
    address: () => ({ baseUrl: server.url, apiKeyEnv: 'STORY_QUOTED_KEY', connections: 1, timeoutSeconds: 20 }),
    temperature: undefined,
    maxTokens: 16,
    maxTokensField: 'max_tokens',
    sendSeed: true,
    unbilled: [503],
  });
  const error: unknown = await teacher
    .complete(
      { messages: [{ role: 'user', content: 'Hello' }], seed: 7 },
      { idempotencyKey: 'k.0', signal: new AbortController().signal, onLimits: () => undefined },
    )
    .catch((caught: unknown) => caught);
  if (!(error instanceof CallError)) throw new Error('a CallError was expected', { cause: error });
  expect(error).toMatchObject({ outcome: 'refused', failure: 'EndpointRefusesKey' });
  expect(error.message).toContain('(the API key)');
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    expect(`${cause.stack} ${JSON.stringify(cause)}`).not.toContain(key);
});

test('an endpoint under examination', async () => {
  const wire = openWire({ address: () => server.url, apiKey: key, timeoutMs: 20_000 });
  const { text } = await wire.send({ method: 'GET', path: '/models' });
  expect(text).toContain('(the API key)');
  expect(text).not.toContain(key);
});
