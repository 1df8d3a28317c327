import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { labels, promptFor, send, startServer, trained, trainingLines } from './support.ts';

const Answer = z.object({
  choices: z.array(
    z.object({
      text: z.string(),
      finish_reason: z.string(),
      token_ids: z.array(z.number()).optional(),
      prompt_token_ids: z.array(z.number()).optional(),
      logprobs: z.object({
        tokens: z.array(z.string()),
        token_logprobs: z.array(z.number().nullable()),
        text_offset: z.array(z.number()),
        top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
      }),
    }),
  ),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() }),
});

async function completions(url: string, body: object): Promise<z.infer<typeof Answer>> {
  const response = await send(`${url}/completions`, { max_tokens: 200, logprobs: 1, return_token_ids: true, ...body });
  return Answer.parse(await response.json());
}

const sum = (values: readonly (number | null)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

describe('the label-only student', () => {
  it('gives log p(label | text) in a prompt and log p(label) alone, as docs/method.md has it', async () => {
    const { server, client } = await startServer();
    const model = await trained(client, 'naive-bayes', trainingLines(5));
    const prompts = ['it has fur', 'fried dough with sugar', 'leaves and roots', 'nothing known'].map(promptFor);
    const { choices, usage } = await completions(server.url, { model, prompt: prompts });
    expect(choices.slice(0, 3).map((choice) => choice.text)).toEqual(labels.map((label) => `The answer is: ${label}`));
    expect(usage.completion_tokens).toBe(4);

    // "it has fur": by hand from the training texts (5 x 4 rows a label).
    const words = new Map(labels.map((label): [string, string[]] => [label, []]));
    for (const line of trainingLines(5).split('\n')) {
      const { messages } = z.object({ messages: z.array(z.object({ content: z.string() })) }).parse(JSON.parse(line));
      const [, text = ''] = /Text:\n([^]*)\n\nLet's/.exec(messages[0]?.content ?? '') ?? [];
      words.get(messages[1]?.content.slice('The answer is: '.length) ?? '')?.push(...(text.match(/[a-z]+/g) ?? []));
    }
    const vocabulary = new Set([...words.values()].flat()).size;
    const scores = labels.map((label) => {
      const all = words.get(label) ?? [];
      const likelihood = ['it', 'has', 'fur'].map((word) =>
        Math.log((all.filter((other) => other === word).length + 0.05) / (all.length + 0.05 * vocabulary)),
      );
      return Math.log(20.001) + sum(likelihood);
    });
    const normalizer = Math.log(sum(scores.map(Math.exp)));
    expect(choices[0]?.logprobs.token_logprobs[0]).toBeCloseTo((scores[0] ?? 0) - normalizer, 10);

    // The same numbers come from a scoring pass over token ids, and the prior from the answer alone.
    const [first] = choices;
    const ids = [...(first?.prompt_token_ids ?? []), ...(first?.token_ids ?? [])];
    const alone = [0, ...(first?.token_ids ?? [])];
    const scored = await completions(server.url, { model, prompt: [ids, alone], max_tokens: 0, echo: true });
    expect(scored.choices[0]?.logprobs.token_logprobs.at(-1)).toBe(first?.logprobs.token_logprobs[0]);
    expect(scored.choices[1]?.logprobs.token_logprobs).toEqual([null, expect.closeTo(Math.log(1 / 3), 4)]);
    expect(scored.choices[1]?.text).toBe('The answer is: animal');
    expect(choices[3]?.logprobs.token_logprobs[0]).toBeCloseTo(Math.log(1 / 3), 4);
  });

  it('speaks chat and tokenizes as vLLM does', async () => {
    const { server, client, origin } = await startServer();
    const model = await trained(client, 'naive-bayes', trainingLines(2));
    const messages = [{ role: 'user' as const, content: promptFor('white flowers') }];
    const chat = await client.chat.completions.create({
      model,
      messages,
      logprobs: true,
      top_logprobs: 3,
      max_tokens: 50,
    });
    expect(chat.choices[0]?.message.content).toBe('The answer is: plant');
    const [token] = chat.choices[0]?.logprobs?.content ?? [];
    expect(sum((token?.top_logprobs ?? []).map(({ logprob }) => Math.exp(logprob)))).toBeCloseTo(1, 10);

    const tokenize = async (path: string, body: object): Promise<number[]> => {
      const reply = z.object({ tokens: z.array(z.number()), count: z.number(), max_model_len: z.number() });
      const { tokens, count } = reply.parse(await (await send(path, { model, ...body })).json());
      expect(count).toBe(tokens.length);
      return tokens;
    };
    const answer = await tokenize(`${origin}/tokenize`, { prompt: 'The answer is: plant', add_special_tokens: false });
    const asked = await tokenize(`${server.url}/tokenize`, { messages, add_generation_prompt: true });
    expect(answer).toHaveLength(1);
    expect(asked[0]).toBe(0);
    const { choices } = await completions(server.url, { model, prompt: promptFor('white flowers') });
    expect(choices[0]).toMatchObject({ token_ids: answer, prompt_token_ids: asked });
  });

  it('echoes a text token by token', async () => {
    const { server, client } = await startServer();
    const model = await trained(client, 'naive-bayes', trainingLines(1));
    const text = `${promptFor('white   flowers, "é"')}The answer is: plant`;
    const { choices } = await completions(server.url, { model, prompt: text, max_tokens: 0, echo: true });
    const { tokens, token_logprobs: logprobs, text_offset: offsets } = choices[0]?.logprobs ?? {};
    expect(choices[0]?.text).toBe(text);
    expect(tokens?.join('')).toBe(text);
    expect(offsets?.at(-1)).toBe(text.length - 'The answer is: plant'.length);
    expect(logprobs?.[0]).toBeNull();
    expect(logprobs?.slice(1).every((value) => Number.isFinite(value))).toBe(true);
  });
});

describe('the log-linear student', () => {
  const rationale = 'It looks like one of a kind: LABEL.';

  it('learns rationale and answer, with log probabilities that generation and scoring agree on', async () => {
    const { server, client } = await startServer();
    const model = await trained(client, 'log-linear', trainingLines(20, rationale));
    const prompts = ['it has fur number a', 'it has fried dough number b', 'it has roots number c'].map(promptFor);
    const { choices } = await completions(server.url, { model, prompt: prompts });
    expect(choices.map((choice) => choice.text)).toEqual(
      labels.map((label) => `${rationale.replace('LABEL', label)}\nThe answer is: ${label}`),
    );
    const [first] = choices;
    const ids = first?.token_ids ?? [];
    const scored = await completions(server.url, {
      model,
      prompt: [
        [...(first?.prompt_token_ids ?? []), ...ids],
        [0, ...ids],
      ],
      max_tokens: 0,
      echo: true,
    });
    const after = scored.choices[0]?.logprobs.token_logprobs.slice(-ids.length) ?? [];
    const alone = scored.choices[1]?.logprobs.token_logprobs.slice(-ids.length) ?? [];
    expect(sum(after)).toBeCloseTo(sum(first?.logprobs.token_logprobs ?? []), 6);
    expect(sum(alone)).toBeLessThan(sum(after));
    const cut = await completions(server.url, { model, prompt: prompts[0], max_tokens: 3 });
    expect(cut.choices[0]).toMatchObject({ finish_reason: 'length', token_ids: ids.slice(0, 3) });
    const stopped = await completions(server.url, { model, prompt: prompts[0], stop: [' one'] });
    expect(stopped.choices[0]).toMatchObject({ finish_reason: 'stop', text: 'It looks like' });
  });
});

describe('an untrained base model', () => {
  it.each(['naive-bayes', 'log-linear'])('%s says nothing, with valid probabilities', async (model) => {
    const { server } = await startServer();
    const empty = await completions(server.url, { model, prompt: promptFor('anything') });
    expect(empty.choices[0]).toMatchObject({ text: '', finish_reason: 'stop', token_ids: [] });
    const probe = await completions(server.url, { model, prompt: 'a b c', max_tokens: 0, echo: true });
    const logprobs = probe.choices[0]?.logprobs.token_logprobs ?? [];
    expect(logprobs.length).toBeGreaterThanOrEqual(3);
    expect(new Set(logprobs).size).toBeGreaterThan(2);
  });
});
