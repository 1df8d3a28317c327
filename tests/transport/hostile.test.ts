/** Endpoints that are broken or hostile: redirects to other hosts, answers without an end, answers that unpack to gigabytes. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { CallError } from '../../activities/ports/teacher.ts';
import { clientFor } from '../../adapters/openai/client.ts';
import { openAiTeacher } from '../../adapters/openai/teacher/teacher.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return `http://127.0.0.1:${address.port}`;
}

/** Resident memory while something runs, beyond what it was before, in MiB. */
async function growth(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  await work();
  clearInterval(watch);
  return (most - before) / 1024 / 1024;
}

/** The reason for which a call ended without an answer, or `answered`. */
async function ask(url: string, apiKeyEnv?: string): Promise<string> {
  const address = { baseUrl: `${url}/v1`, apiKeyEnv, connections: 2, timeoutSeconds: 20, stallSeconds: 10 };
  const teacher = openAiTeacher({
    model: 'm',
    address: () => address,
    temperature: undefined,
    maxTokens: 64,
    maxTokensField: 'max_tokens',
    sendSeed: false,
    unbilled: [503],
  });
  const call = teacher.complete(
    { messages: [{ role: 'user', content: 'Hello' }], seed: null },
    { idempotencyKey: 'k.0', signal: new AbortController().signal, onLimits: () => undefined },
  );
  return await call.then(
    () => 'answered',
    (error: unknown) => (error instanceof CallError ? `${error.outcome} ${error.reason}` : String(error)),
  );
}

describe('redirects', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    test(`the key does not follow a ${status} to another origin, whatever is asked`, async () => {
      process.env['REDIRECT_KEY'] = 'sk-canary-of-redirects';
      const seen: string[] = [];
      const other = await serve((request, response) => {
        seen.push(JSON.stringify([request.headers, request.url]));
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices": [], "data": []}');
      });
      const first = await serve((request, response) => {
        response.writeHead(status, { location: `${other}${request.url ?? ''}` }).end();
      });
      await ask(first, 'REDIRECT_KEY');
      const address = { baseUrl: `${first}/v1`, apiKeyEnv: 'REDIRECT_KEY', connections: 2, timeoutSeconds: 20 };
      await clientFor(address)
        .get('/models')
        .catch(() => undefined);
      delete process.env['REDIRECT_KEY'];
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.join()).not.toContain('canary');
    });
  }
});

describe('answers without an end', { timeout: 60_000 }, () => {
  const json = { 'content-type': 'application/json' };
  const block = Buffer.alloc(1024 * 1024, 'x');
  /** Writes blocks as fast as they are taken, at most 2 GiB. */
  const endless: RequestListener = (_, response) => {
    response.writeHead(200, json).write('{"choices":[{"message":{"content":"');
    let written = 0;
    const more = (): void => {
      while (written < 2048 && !response.destroyed) {
        written += 1;
        if (!response.write(block)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  };
  const bomb = gzipSync(Buffer.alloc(1024 * 1024 * 1024, ' '), { level: 9 });

  test('an endless body is given up at its limit, in bounded memory, as a call that may be billed', async () => {
    const url = await serve(endless);
    let end = '';
    expect(await growth(async () => void (end = await ask(url)))).toBeLessThan(200);
    expect(end).toBe('ambiguous answer_too_large');
  });

  test('a packed answer is not unpacked beyond its limit', async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(bomb),
    );
    let end = '';
    expect(await growth(async () => void (end = await ask(url)))).toBeLessThan(200);
    expect(end).toBe('ambiguous answer_too_large');
  });

  test('a text of 100 MB is no answer to 64 tokens, also with the status of an error', async () => {
    const text = JSON.stringify({ choices: [{ message: { content: 'x'.repeat(100_000_000) } }] });
    expect(await ask(await serve((_, response) => response.writeHead(200, json).end(text)))).toBe(
      'ambiguous answer_too_large',
    );
    const refused = await ask(await serve((_, response) => response.writeHead(400, json).end(text)));
    expect(refused).toMatch(/^(refused|ambiguous)/);
  });

  test('files and lists are bounded too, packed or not', async () => {
    const packed = await serve((_, response) =>
      response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(bomb),
    );
    for (const url of [packed, await serve(endless)]) {
      const client = clientFor({ baseUrl: `${url}/v1`, apiKeyEnv: undefined, connections: 2, timeoutSeconds: 50 });
      expect(await growth(async () => await expect(client.get('/models')).rejects.toThrow())).toBeLessThan(400);
    }
  });
});
