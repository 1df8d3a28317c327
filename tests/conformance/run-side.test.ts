import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { openAiStudent } from '../../adapters/openai/student/student.ts';
import { clientOf, finished, startServer, trained, trainingLines, upload } from '../embedded/support.ts';
import { apiKey, startLiar, without } from './faulty-endpoint.ts';
import type { Fault } from './faulty-endpoint.ts';

it.each(['naive-bayes', 'log-linear'])(
  '%s: a run scores by text what it scores by token ids, also behind characters beyond the first plane',
  async (base) => {
    const { server, client } = await startServer();
    const model = await trained(client, base, trainingLines(4, 'It is a LABEL.'));
    const address = { baseUrl: server.url, apiKeyEnv: undefined, connections: 4, timeoutSeconds: 30 };
    const student = openAiStudent({
      baseModel: base,
      address: () => address,
      hyperparameters: { epochs: 1, batchSize: 1 },
    });
    const can = await student.probe(model);
    const { signal } = new AbortController();
    const prompts = ["Name it.\n\nText:\n🙂👩\u200d🔬 fur 🙂\n\nLet's think step by step.\n"];
    const byIds = { model, can, signal };
    const generations = (await student.generate(byIds, prompts, 40)).filter((one) => one !== null);
    const byText = { model, can: { ...can, promptLogprobs: 'text' as const }, signal };
    const [[ids], [text]] = [
      await student.scoreAfter(byIds, prompts, generations),
      await student.scoreAfter(byText, prompts, generations),
    ];
    expect(can.promptLogprobs).toBe('token-ids');
    expect(text).toBeCloseTo(ids ?? Number.NaN, 6);
  },
);

it('a loss curve is read also where events without a loss come without data', async () => {
  const messagesBare: Fault = {
    answer(body) {
      const events = z.looseObject({ data: z.array(z.looseObject({ type: z.string() })) }).safeParse(body).data;
      if (events === undefined) return body;
      return { ...body, data: events.data.map((each) => (each.type === 'message' ? without('data')(each) : each)) };
    },
  };
  const address = { baseUrl: await startLiar(messagesBare), apiKeyEnv: 'LIAR_KEY', connections: 4, timeoutSeconds: 30 };
  vi.stubEnv('LIAR_KEY', apiKey);
  const client = clientOf(address.baseUrl, apiKey);
  const job = await client.fineTuning.jobs.create({
    model: 'naive-bayes',
    training_file: await upload(client, trainingLines(4)),
  });
  await finished(client, job.id);
  const hyperparameters = { epochs: 1, batchSize: 1 };
  const student = openAiStudent({ baseModel: 'naive-bayes', address: () => address, hyperparameters });
  expect(await student.job(job.id)).toMatchObject({
    status: 'succeeded',
    losses: expect.arrayContaining([expect.objectContaining({ loss: expect.any(Number) })]),
  });
  vi.unstubAllEnvs();
});
