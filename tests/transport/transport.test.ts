/** The transport below the `openai` client, over real sockets: what the package promises holds without its `fetch`. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { CallError } from '../../activities/ports/teacher.ts';
import type { PaidAnswer } from '../../activities/ports/ledger.ts';
import { clientFor } from '../../adapters/openai/client.ts';
import { openAiTeacher } from '../../adapters/openai/teacher/teacher.ts';
import { freePort } from '../../workers/services/free-port.ts';
import { answer, completion, listen } from './socket-server.ts';
import type { SocketServer } from './socket-server.ts';

const servers: SocketServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(async (server) => await server.close()));
});

async function serve(...[reply]: Parameters<typeof listen>): Promise<SocketServer> {
  const server = await listen(reply);
  servers.push(server);
  return server;
}

interface Asking {
  readonly connections?: number;
  readonly timeoutSeconds?: number;
  readonly stallSeconds?: number;
  readonly signal?: AbortSignal;
  readonly content?: string;
}

async function ask(url: string, asking: Asking = {}): Promise<PaidAnswer> {
  const {
    connections = 4,
    timeoutSeconds = 20,
    stallSeconds,
    signal = new AbortController().signal,
    content = 'Hello',
  } = asking;
  const teacher = openAiTeacher({
    model: 'm',
    address: () => ({ baseUrl: url, apiKeyEnv: undefined, connections, timeoutSeconds, stallSeconds }),
    temperature: undefined,
    maxTokens: 16,
    maxTokensField: 'max_tokens',
    sendSeed: false,
    unbilled: [503],
  });
  return await teacher.complete(
    { messages: [{ role: 'user', content }], seed: null },
    { idempotencyKey: 'k.0', signal, onLimits: () => undefined },
  );
}

/** How a call ended without an answer. */
async function trouble(asked: Promise<unknown>): Promise<Pick<CallError, 'outcome' | 'reason' | 'retryAfterMs'>> {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CallError)) throw new Error(`expected a CallError, not ${String(error)}`);
  const { outcome, reason, retryAfterMs } = error;
  return { outcome, reason, retryAfterMs };
}

test('a request arrives whole, with its key, and its answer is read whole, in whatever pieces it comes', async () => {
  const text = 'Früchte, 水果 🍎';
  const server = await serve(({ socket }) => {
    // Byte by byte: no character and no header is whole in its piece.
    for (const byte of answer('200 OK', completion(text))) socket.write(Buffer.of(byte));
  });
  const { latencyMs, ...answered } = await ask(server.url, { content: text });
  expect(answered).toEqual({
    text,
    finishReason: 'stop',
    inputTokens: 3,
    cachedInputTokens: null,
    outputTokens: 2,
  });
  expect(latencyMs).toBeGreaterThanOrEqual(0);
  const [request] = server.asked;
  expect(request?.head).toMatch(/^POST \/v1\/chat\/completions HTTP\/1\.1\r\n/);
  expect(request?.head).toMatch(/^idempotency-key: k\.0$/im);
  expect(request?.head).toMatch(/^authorization: Bearer none-needed$/im);
  expect(request?.head).toMatch(/^content-type: application\/json$/im);
  expect(JSON.parse(request?.body ?? '')).toMatchObject({ model: 'm', messages: [{ role: 'user', content: text }] });
});

test.each([
  { what: 'chunked', bytes: () => chunked(completion('yes')) },
  {
    what: 'packed by a gateway',
    bytes: () => answer('200 OK', gzipSync(completion('yes')), { 'content-encoding': 'gzip' }),
  },
  {
    what: 'packed otherwise',
    bytes: () => answer('200 OK', brotliCompressSync(completion('yes')), { 'content-encoding': 'br' }),
  },
  { what: 'marked with a byte order', bytes: () => answer('200 OK', `\uFEFF${completion('yes')}`) },
  {
    what: 'announced',
    bytes: () => Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'), answer('200 OK', completion('yes'))]),
  },
])('an answer that is $what is read', async ({ bytes }) => {
  const server = await serve(({ socket }) => socket.write(bytes()));
  expect((await ask(server.url)).text).toBe('yes');
});

function chunked(body: string): Buffer {
  const half = body.length >> 1;
  const pieces = [body.slice(0, half), body.slice(half)].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${pieces.join('')}0\r\n\r\n`,
  );
}

test('the headers of an answer reach whoever asks for them', async () => {
  const server = await serve(({ socket }) =>
    socket.write(
      answer('200 OK', completion('yes'), { 'x-ratelimit-remaining-requests': '7', 'x-request-id': 'req-1' }),
    ),
  );
  const client = clientFor({ baseUrl: server.url, apiKeyEnv: undefined, connections: 1, timeoutSeconds: 20 });
  const { response, request_id: id } = await client.post('/chat/completions', { body: {} }).withResponse();
  expect(response.headers.get('X-RateLimit-Remaining-Requests')).toBe('7');
  expect(id).toBe('req-1');
});

test('no listener: certainly not sent, and asked again', async () => {
  const url = `http://127.0.0.1:${await freePort()}/v1`;
  expect(await trouble(ask(url))).toEqual({ outcome: 'refused', reason: 'econnrefused', retryAfterMs: 0 });
});

test('a connection that is taken and never becomes secure: certainly not sent', async () => {
  // Takes the connection and never answers its greeting, so that TLS does not come about.
  const server = await serve(() => undefined);
  const ended = trouble(ask(server.url.replace('http:', 'https:'), { timeoutSeconds: 2 }));
  expect(await ended).toEqual({ outcome: 'refused', reason: 'und_err_connect_timeout', retryAfterMs: 0 });
  expect(server.connections()).toBe(1);
});

test('a server that speaks no TLS: certainly not sent', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end('no TLS here');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const ended = await trouble(ask(`https://127.0.0.1:${address.port}/v1`));
  server.close();
  expect(ended).toMatchObject({ outcome: 'refused', retryAfterMs: 0 });
});

test.each([
  { when: 'before the answer', sent: Buffer.alloc(0), reason: 'und_err_socket' },
  { when: 'in its head', sent: answer('200 OK', completion('yes')).subarray(0, 20), reason: 'und_err_socket' },
  { when: 'in its body', sent: answer('200 OK', completion('yes')).subarray(0, -9), reason: 'unreadable_answer' },
])('a connection that ends $when may have cost the call', async ({ sent, reason }) => {
  const server = await serve(({ socket }) => socket.end(sent));
  expect(await trouble(ask(server.url))).toMatchObject({ outcome: 'ambiguous', reason });
});

test('a connection that is reset may have cost the call', async () => {
  const server = await serve(({ socket }) => socket.resetAndDestroy());
  expect(await trouble(ask(server.url))).toMatchObject({ outcome: 'ambiguous', reason: 'econnreset' });
});

test.each([
  { what: 'no answer', sent: Buffer.alloc(0) },
  { what: 'an answer that stalls in its body', sent: answer('200 OK', completion('yes')).subarray(0, -9) },
])('$what is given up at its deadline, and its connection with it', async ({ sent }) => {
  const closed = Promise.withResolvers<void>();
  const server = await serve(({ socket }) => {
    socket.once('close', () => closed.resolve());
    socket.write(sent);
  });
  expect(await trouble(ask(server.url, { timeoutSeconds: 0.2 }))).toMatchObject({
    outcome: 'ambiguous',
    reason: 'timeout',
  });
  await closed.promise;
});

test.each([
  { what: 'before its first byte', from: 'end of head' },
  { what: 'in its middle', from: 'half' },
])(
  'an answer whose body stalls $what is given up long before the deadline, and may have cost the call',
  async ({ from }) => {
    const bytes = answer('200 OK', completion('yes'));
    const head = bytes.indexOf('\r\n\r\n') + 4;
    const closed = Promise.withResolvers<void>();
    const server = await serve(({ socket }) => {
      socket.once('close', () => closed.resolve());
      socket.write(bytes.subarray(0, from === 'half' ? (head + bytes.length) >> 1 : head));
    });
    expect(await trouble(ask(server.url, { timeoutSeconds: 600, stallSeconds: 0.2 }))).toEqual({
      outcome: 'ambiguous',
      reason: 'stalled',
      retryAfterMs: null,
    });
    await closed.promise;
  },
);

test('an answer that begins late and then comes slowly is not given up while something comes', async () => {
  const stallSeconds = 0.5;
  const bytes = answer('200 OK', completion('yes'));
  const head = bytes.indexOf('\r\n\r\n') + 4;
  const drip = async (socket: Socket): Promise<void> => {
    // Before the head only the whole deadline counts: this silence is longer than the body may have.
    await setTimeout(stallSeconds * 1300);
    socket.write(bytes.subarray(0, head));
    const size = Math.ceil((bytes.length - head) / 10);
    for (let at = head; at < bytes.length; at += size) {
      await setTimeout(stallSeconds * 200);
      socket.write(bytes.subarray(at, at + size));
    }
  };
  const server = await serve(({ socket }) => void drip(socket));
  const answered = await ask(server.url, { stallSeconds });
  expect(answered.text).toBe('yes');
  expect(answered.latencyMs).toBeGreaterThan(stallSeconds * 3000);
});

test.each([
  { of: 'an answer', status: '200 OK', ends: { outcome: 'ambiguous', reason: 'timeout', retryAfterMs: null } },
  // The head has said already that nothing was billed; the package itself waits for its words without a deadline.
  { of: 'a refusal', status: '503 Busy', ends: { outcome: 'refused', reason: 'http_503', retryAfterMs: 0 } },
])(
  '$of that keeps coming ends with the deadline of the whole, and its connection with it',
  async ({ status, ends }) => {
    const closed = Promise.withResolvers<void>();
    const bytes = answer(status, ' '.repeat(1_000_000));
    const head = bytes.indexOf('\r\n\r\n') + 4;
    const server = await serve(({ socket }) => {
      // White space before the JSON, as gateways send it to keep a connection open.
      const alive = setInterval(() => socket.write(' '), 50);
      socket.once('close', () => {
        clearInterval(alive);
        closed.resolve();
      });
      socket.write(bytes.subarray(0, head));
    });
    expect(await trouble(ask(server.url, { timeoutSeconds: 0.6, stallSeconds: 0.5 }))).toEqual(ends);
    await closed.promise;
  },
);

test.each([
  { when: 'before its answer', sent: Buffer.alloc(0) },
  { when: 'in the body of its answer', sent: answer('200 OK', completion('yes')).subarray(0, -9) },
])('a call that is cancelled $when ends at once, and its connection with it', async ({ sent }) => {
  const closed = Promise.withResolvers<void>();
  const cancel = new AbortController();
  const server = await serve(({ socket }) => {
    socket.once('close', () => closed.resolve());
    socket.write(sent, () => cancel.abort());
  });
  expect(await trouble(ask(server.url, { signal: cancel.signal }))).toMatchObject({
    outcome: 'ambiguous',
    reason: 'aborted',
  });
  await closed.promise;
});

test('a call that is given up while it waits for a connection never leaves', async () => {
  const held = Promise.withResolvers<() => void>();
  const server = await serve(({ socket }) => held.resolve(() => socket.write(answer('200 OK', completion('first')))));
  const first = ask(server.url, { connections: 1 });
  const letGo = await held.promise;
  const cancel = new AbortController();
  const second = trouble(ask(server.url, { connections: 1, signal: cancel.signal }));
  setImmediate(() => cancel.abort());
  expect(await second).toMatchObject({ reason: 'aborted' });
  letGo();
  expect((await first).text).toBe('first');
  expect(server.asked).toHaveLength(1);
});

test('many calls share few connections, and each gets its own answer', async () => {
  const server = await serve(({ socket, body }) => {
    const asks = /call \d+/.exec(body)?.[0] ?? '';
    setImmediate(() => socket.write(answer('200 OK', completion(asks))));
  });
  const asked = Array.from({ length: 40 }, (_, index) => `call ${index}`);
  const answers = await Promise.all(asked.map(async (content) => await ask(server.url, { connections: 3, content })));
  expect(answers.map(({ text }) => text)).toEqual(asked);
  expect(server.connections()).toBeLessThanOrEqual(3);
});

test.each([
  {
    status: '429 Too Many Requests',
    headers: { 'retry-after-ms': '70' },
    end: { outcome: 'refused', reason: 'rate_limited', retryAfterMs: 70 },
  },
  {
    status: '503 Service Unavailable',
    headers: { 'retry-after': '2' },
    end: { outcome: 'refused', retryAfterMs: 2000 },
  },
  { status: '500 Internal Server Error', headers: {}, end: { outcome: 'ambiguous', reason: 'broken' } },
  {
    status: '422 Unprocessable Entity',
    headers: {},
    end: { outcome: 'refused', reason: 'broken', retryAfterMs: null },
  },
])('$status keeps its class, its code and its wait', async ({ status, headers, end }) => {
  const body = JSON.stringify({ error: { message: 'no', code: 'broken' } });
  const server = await serve(({ socket }) => socket.write(answer(status, body, { ...headers })));
  expect(await trouble(ask(server.url))).toMatchObject(end);
});

test('a status counts even where its body breaks off', async () => {
  const server = await serve(({ socket }) =>
    socket.end(answer('422 Unprocessable Entity', '{"error": {"m').subarray(0, -2)),
  );
  expect(await trouble(ask(server.url))).toMatchObject({ outcome: 'refused', retryAfterMs: null });
});

test('a redirect that keeps the request is followed', async () => {
  const target = await serve(({ socket }) => socket.write(answer('200 OK', completion('there'))));
  const server = await serve(({ socket }) =>
    socket.write(answer('307 Temporary Redirect', '', { location: `${target.url}/chat/completions` })),
  );
  expect((await ask(server.url)).text).toBe('there');
  expect(target.asked).toHaveLength(1);
});

test('a kept connection that the server has closed in the meantime is no trouble', async () => {
  const server = await serve(({ socket }, before) => {
    socket.write(answer('200 OK', completion(`answer ${before}`)));
    if (before === 0) socket.end();
  });
  expect((await ask(server.url, { connections: 1 })).text).toBe('answer 0');
  const [first] = server.asked;
  if (first !== undefined && !first.socket.closed) await once(first.socket, 'close');
  expect((await ask(server.url, { connections: 1 })).text).toBe('answer 1');
});
