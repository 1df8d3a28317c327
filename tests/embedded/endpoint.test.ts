import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { classification } from '../../domain/tasks/classification.ts';
import { startEmbedded } from '../../embedded/start.ts';
import { clientOf, counters, failure, recording, send, spawnServer, startServer, temporaryFolder } from './support.ts';

const model = 'recorded-tiny';
const texts = { tin: 'TIN PRICES RISE.', gold: 'GOLD FALLS.' };
const question = (answer: keyof typeof texts) => ({
  model,
  messages: classification(['tin', 'gold']).annotatePrompt({ instruction: 'Topic?', input: texts[answer], answer }),
});

describe('errors', () => {
  it('have the shape of OpenAI whatever goes wrong', async () => {
    const { server, origin } = await startServer({ data: recording() });
    const cases: [Response, number, string | null][] = [
      [await fetch(`${server.url}/nowhere`), 404, 'unknown_url'],
      [await send(`${server.url}/chat/completions`, { model: 'gpt-9', messages: [] }), 404, 'model_not_found'],
      [await send(`${server.url}/completions`, { model: '../../etc/passwd', prompt: 'x' }), 404, 'model_not_found'],
      [await send(`${server.url}/completions`, { model, prompt: 'x' }), 400, null],
      [await send(`${server.url}/completions`, { model: 'naive-bayes', prompt: [] }), 400, null],
      [await send(`${server.url}/chat/completions`, '{"model": '), 400, null],
      [await send(`${server.url}/chat/completions`, 'x', { headers: { 'content-type': 'text/weird' } }), 415, null],
      [await send(`${server.url}/chat/completions`, 'null'), 400, 'missing_required_parameter'],
      [await send(`${server.url}/chat/completions`, { ...question('tin'), stream: true }), 400, 'invalid_value'],
      [await send(`${server.url}/chat/completions`, { ...question('tin'), n: 2 }), 400, 'invalid_value'],
      [await send(`${origin}/embedded/behavior`, { unknown: 1 }, { method: 'PUT' }), 400, 'invalid_value'],
      [await fetch(`${server.url}/fine_tuning/jobs/ftjob-x`), 404, 'fine_tune_not_found'],
    ];
    for (const [response, status, code] of cases) {
      expect([response.status, (await failure(response)).code]).toEqual([status, code]);
    }
    const unknownField = await send(`${server.url}/chat/completions`, {
      ...question('tin'),
      service_tier: 'auto',
      foo: [1],
    });
    expect(unknownField.status).toBe(200);
    expect(await counters(origin)).toEqual({ requests: 1, billed: 1 });
  });

  it('include a wrong key where one is set', async () => {
    const { server } = await startServer({ apiKey: 'secret' });
    await expect(clientOf(server.url, 'wrong').models.list()).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
    expect((await clientOf(server.url, 'secret').models.list()).data.length).toBeGreaterThan(2);
    expect((await fetch(new URL('/health', server.url))).status).toBe(200);
  });
});

describe('the meter', () => {
  it('keeps every bill through SIGKILL', async () => {
    const [state, data] = [temporaryFolder(), recording()];
    const first = await spawnServer(state, [], data);
    await Promise.all(
      (['tin', 'gold', 'tin'] as const).map(async (word) => await first.client.chat.completions.create(question(word))),
    );
    await first.kill();
    const second = await spawnServer(state, [], data);
    expect(await counters(second.origin)).toEqual({ requests: 3, billed: 3 });
  }, 90_000);

  it('bills a repeated key again unless set to be idempotent', async () => {
    const [state, data] = [temporaryFolder(), recording()];
    const first = await spawnServer(state, [], data);
    const headers = { 'idempotency-key': 'a key' };
    const ask = async (client: typeof first.client, word: keyof typeof texts) =>
      await client.chat.completions.create(question(word), { headers });
    await ask(first.client, 'tin');
    await ask(first.client, 'tin');
    expect((await counters(first.origin)).billed).toBe(2);
    await send(`${first.origin}/embedded/behavior`, { idempotent: true }, { method: 'PUT' });
    const answer = await ask(first.client, 'tin');
    expect(await ask(first.client, 'tin')).toEqual(answer);
    expect(await counters(first.origin)).toEqual({ requests: 4, billed: 3 });
    await first.kill();

    const second = await spawnServer(state, ['--idempotent'], data);
    expect(await ask(second.client, 'tin')).toEqual(answer);
    await expect(ask(second.client, 'gold')).rejects.toMatchObject({ status: 409 });
    expect(await counters(second.origin)).toEqual({ requests: 6, billed: 3 });
  }, 90_000);
});

describe('behavior', () => {
  it('injects faults before and after the bill', async () => {
    const { client, origin } = await startServer({ data: recording() });
    const behave = async (fault: object): Promise<void> => {
      const response = await send(`${origin}/embedded/behavior`, { faults: [fault] }, { method: 'PUT' });
      expect(response.status).toBe(200);
    };
    const ask = async () => await client.chat.completions.create(question('tin'));
    await behave({ status: 429, when: 'before', count: 1, headers: { 'retry-after': '7' } });
    await expect(ask()).rejects.toMatchObject({ status: 429, code: 'injected_fault' });
    await ask();
    expect(await counters(origin)).toEqual({ requests: 2, billed: 1 });
    await behave({ status: 500, when: 'after', every: 2 });
    await ask();
    await expect(ask()).rejects.toMatchObject({ status: 500 });
    expect(await counters(origin)).toEqual({ requests: 4, billed: 3 });
    await behave({ status: 'reset', when: 'after' });
    await expect(ask()).rejects.toThrow('Connection error');
    await behave({ status: 'reset', when: 'before' });
    await expect(ask()).rejects.toThrow('Connection error');
    expect(await counters(origin)).toEqual({ requests: 6, billed: 4 });
    await behave({ status: 'stall', when: 'before' });
    await expect(client.chat.completions.create(question('tin'), { timeout: 100 })).rejects.toThrow('timed out');
    expect(await counters(origin)).toEqual({ requests: 7, billed: 4 });
  });

  it('bills a call whose client went away', async () => {
    const { client, origin } = await startServer({ data: recording(), behavior: { latencyMs: 200 } });
    await expect(client.chat.completions.create(question('tin'), { timeout: 50 })).rejects.toThrow('timed out');
    while ((await counters(origin)).billed === 0) continue;
    expect(await counters(origin)).toEqual({ requests: 1, billed: 1 });
  });
});

describe('the process', () => {
  it('refuses a second server on its state folder', async () => {
    const state = temporaryFolder();
    await startServer({ state });
    await expect(startEmbedded({ state })).rejects.toThrow('Another embedded server uses the state folder');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends in order on %s', async (signal) => {
    const { child } = await spawnServer(temporaryFolder());
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
