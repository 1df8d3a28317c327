/** Rate limits and workplaces of the embedded endpoint, as a provider's client meets them. */
import { expect, test } from 'vitest';
import { classification } from '../../domain/tasks/classification.ts';
import { counters, failure, recording, send, startServer } from './support.ts';

const question = {
  model: 'recorded-tiny',
  messages: classification(['tin', 'gold']).annotatePrompt({
    instruction: 'Topic?',
    input: 'GOLD FALLS.',
    answer: 'gold',
  }),
};

test('a limit of requests: what is left is reported, what is too much is refused unbilled, and it can be lifted', async () => {
  const limits = { requestsPerMinute: 60, burstSeconds: 2, headers: true };
  const { server, origin } = await startServer({ data: recording(), behavior: { limits } });
  const ask = async (): Promise<Response> => await send(`${server.url}/chat/completions`, question);
  const first = await ask();
  expect(first.headers.get('x-ratelimit-limit-requests')).toBe('60');
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
  expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^(\d+ms|[\d.]+s)$/);
  await ask();
  const refused = await ask();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after-ms'))).toBeGreaterThan(0);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await failure(refused)).code).toBe('rate_limit_exceeded');
  expect(await counters(origin)).toEqual({ requests: 3, billed: 2 });
  await send(`${origin}/embedded/behavior`, { limits: null }, { method: 'PUT' });
  const free = await ask();
  expect([free.status, free.headers.get('x-ratelimit-limit-requests')]).toEqual([200, null]);
});

test('a limit of tokens counts what calls are billed, and may be kept to itself', async () => {
  const limits = { tokensPerMinute: 6000, burstSeconds: 1, headers: false };
  const { server } = await startServer({ data: recording(), behavior: { limits } });
  const answers = [];
  for (let call = 0; call < 4; call += 1) answers.push(await send(`${server.url}/chat/completions`, question));
  expect(answers[0]?.status).toBe(200);
  expect(answers[0]?.headers.get('x-ratelimit-limit-tokens')).toBeNull();
  expect(answers.at(-1)?.status).toBe(429);
});

test('with two workplaces, six calls take the time of three', async () => {
  const { server } = await startServer({ data: recording(), behavior: { servers: 2, latencyMs: 60 } });
  const startedAt = performance.now();
  const asked = Array.from({ length: 6 }, async () => await send(`${server.url}/chat/completions`, question));
  for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(178);
});
