import { describe, expect, it } from 'vitest';
import { loadWordnet, wordnetInstruction, wordnetLabels } from '../../adapters/datasets/wordnet/wordnet.ts';
import { classification } from '../../domain/tasks/classification.ts';
import { parseSynthesis } from '../../domain/tasks/tagged-text.ts';
import { clientOf, counters, failure, recording, send, startServer } from './support.ts';

const synthesis = (label: string) =>
  classification(wordnetLabels).synthesizePrompt({
    instruction: wordnetInstruction,
    domain: label,
    shown: ['one', 'two'].map((input) => ({ instruction: '', input, answer: label })),
  });

const verification = (input: string) =>
  classification(wordnetLabels).verifyPrompt({ instruction: wordnetInstruction, input });

const annotation = (input: string, answer: string) =>
  classification(['tin']).annotatePrompt({ instruction: 'Topic?', input, answer });

describe('the simulated teacher', () => {
  it('explains an answer from words of the text, and hands out rows whose labels are wrong at its noise', async () => {
    const { client, origin } = await startServer();
    const model = 'simulated-wordnet?noise=0.2&pool=6000';
    const dog = { instruction: wordnetInstruction, input: 'dog: a furry mammal that barks', answer: 'animal' };
    const answer = await client.chat.completions.create({
      model,
      messages: classification(wordnetLabels).annotatePrompt(dog),
    });
    expect(answer.choices[0]?.message.content).toMatch(/"mammal".* category animal\.\nThe answer is: animal$/s);
    expect(answer.usage?.total_tokens).toBeGreaterThan(50);

    const truth = new Map(loadWordnet().map((row) => [row.input, row.answer]));
    const ask = async (ordinal: number): Promise<string> => {
      const seed = 7 * 1_000_000 + ordinal;
      const { choices } = await client.chat.completions.create({ model, messages: synthesis('plant'), seed });
      return choices[0]?.message.content ?? '';
    };
    const texts = await Promise.all(Array.from({ length: 400 }, (_, ordinal) => ask(ordinal)));
    const synthetic = texts.map((text) => parseSynthesis(text));
    const wrong = synthetic.filter((item) => truth.get(item?.input ?? '') !== 'plant');
    expect(wrong.length / 400).toBeGreaterThan(0.14);
    expect(wrong.length / 400).toBeLessThan(0.26);
    for (const item of synthetic) {
      expect(item?.answer).toBe('plant');
      expect(item?.rationale).toContain(`The answer is: ${truth.get(item?.input ?? '')}`);
    }
    expect(new Set(synthetic.map((item) => item?.input)).size).toBeGreaterThan(395);
    expect(await ask(11)).toBe(texts[11]);
    expect(await counters(origin)).toEqual({ requests: 402, billed: 402 });

    // Blind, it is wrong about what it handed out as often as before, and always says the same.
    const distinct = [...new Set(synthetic.map((item) => item?.input ?? ''))].slice(0, 200);
    const read = async (input: string): Promise<string> => {
      const { choices } = await client.chat.completions.create({ model, messages: verification(input) });
      return /The answer is: (\w+)$/.exec(choices[0]?.message.content ?? '')?.[1] ?? '';
    };
    const answers = await Promise.all(distinct.map(read));
    const mistaken = distinct.filter((input, index) => truth.get(input) !== answers[index]).length / distinct.length;
    expect(mistaken).toBeGreaterThan(0.11);
    expect(mistaken).toBeLessThan(0.29);
    expect(await read(distinct[0] ?? '')).toBe(answers[0]);
  });

  it('runs dry without a bill, and refuses what it does not understand', async () => {
    const { server, origin } = await startServer();
    const model = 'simulated-wordnet?noise=0&pool=6000';
    const path = `${server.url}/chat/completions`;
    const dry = await send(path, { model, messages: synthesis('motive'), seed: 1_000_100 });
    expect(dry.status).toBe(422);
    expect(await failure(dry)).toMatchObject({ code: 'supply_exhausted', type: 'invalid_request_error' });
    const strange = await send(path, { model, messages: [{ role: 'user', content: 'Tell me a joke.' }] });
    expect(strange.status).toBe(400);
    expect((await failure(strange)).code).toBe('unsupported_prompt');
    expect((await failure(await send(path, { model, messages: synthesis('plant') }))).message).toContain('seed');
    expect(await counters(origin)).toEqual({ requests: 3, billed: 0 });
  });
});

describe('the recorded teacher', () => {
  it('replays rationale and prediction, and knows what it has not recorded', async () => {
    const { server, client, origin } = await startServer({ data: recording() });
    const model = 'recorded-tiny';
    const answer = await client.chat.completions.create({ model, messages: annotation('TIN PRICES RISE.', 'tin') });
    expect(answer.choices[0]?.message.content).toBe('It is metal.\nThe answer is: gold');
    for (const messages of [annotation('Never recorded.', 'gold'), annotation('TIN PRICES RISE.', 'gold')]) {
      const refused = await send(`${server.url}/chat/completions`, { model, messages });
      expect([refused.status, (await failure(refused)).code]).toEqual([422, 'not_recorded']);
    }
    expect(await counters(origin)).toEqual({ requests: 3, billed: 1 });
    expect((await client.models.list()).data.map(({ id }) => id)).toContain(model);
  });

  it('hands out every synthetic row once, in an order of the run', async () => {
    const { server, client } = await startServer({ data: recording() });
    const model = 'recorded-tiny';
    const take = async (seed: number): Promise<string | undefined> => {
      const { choices } = await client.chat.completions.create({ model, messages: synthesis('tin'), seed });
      const item = parseSynthesis(choices[0]?.message.content ?? '');
      expect(item).toMatchObject({ rationale: 'Cans.\nThe answer is: tin', answer: 'tin' });
      return item?.input;
    };
    for (const run of [1, 2]) {
      const order = [await take(run * 1e6), await take(run * 1e6 + 1), await take(run * 1e6 + 2)];
      expect(new Set(order)).toEqual(new Set(['x', 'y', 'z']));
    }
    const read = await client.chat.completions.create({ model, messages: verification('x') });
    expect(read.choices[0]?.message.content).toBe('Cans.\nThe answer is: tin');
    const dry = await send(`${server.url}/chat/completions`, { model, messages: synthesis('tin'), seed: 1_000_003 });
    expect((await failure(dry)).code).toBe('supply_exhausted');
  });

  it('is unknown without its folder', async () => {
    const { server } = await startServer();
    const refused = await send(`${server.url}/chat/completions`, {
      model: 'recorded-tiny',
      messages: synthesis('tin'),
    });
    expect([refused.status, (await failure(refused)).code]).toEqual([404, 'model_not_found']);
    await expect(clientOf(server.url).models.retrieve('recorded-tiny')).rejects.toThrow('404');
  });
});
