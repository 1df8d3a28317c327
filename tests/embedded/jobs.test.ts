import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  failure,
  finished,
  promptFor,
  send,
  spawnServer,
  startServer,
  temporaryFolder,
  trainingLines,
  upload,
} from './support.ts';

describe('files', () => {
  it('are named by their content, so a repeated upload is the same file', async () => {
    const { client } = await startServer();
    const id = await upload(client, 'same bytes');
    expect(await upload(client, 'same bytes')).toBe(id);
    expect(await (await client.files.content(id)).text()).toBe('same bytes');
    expect((await client.files.list()).data).toMatchObject([
      { id, bytes: 10, purpose: 'fine-tune', filename: 'train.jsonl' },
    ]);
    expect(await client.files.delete(id)).toEqual({ id, object: 'file', deleted: true });
    await expect(client.files.retrieve(id)).rejects.toThrow('404');
  });

  it('need a purpose and a file', async () => {
    const { server } = await startServer();
    const form = new FormData();
    form.set('purpose', 'fine-tune');
    const response = await fetch(`${server.url}/files`, { method: 'POST', body: form });
    expect([response.status, (await failure(response)).param]).toEqual([400, 'file']);
    expect((await send(`${server.url}/files`, {})).status).toBe(400);
  });
});

describe('fine-tuning jobs', () => {
  it('live from creation to a model, and are found by their metadata', async () => {
    const { client } = await startServer();
    const training_file = await upload(client, trainingLines(10));
    const created = await client.fineTuning.jobs.create({
      model: 'naive-bayes',
      training_file,
      seed: 1,
      suffix: 'stage 0',
      metadata: { baldistill_key: 'k1' },
      method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 3 } } },
    });
    expect(created).toMatchObject({ status: 'validating_files', fine_tuned_model: null });
    const job = await finished(client, created.id);
    expect(job).toMatchObject({ status: 'succeeded', error: null });
    expect(job.fine_tuned_model).toMatch(/^ft:naive-bayes:stage-0:[0-9a-f]{12}$/);
    expect((await client.fineTuning.jobs.list({ metadata: { baldistill_key: 'k1' } })).data).toHaveLength(1);
    expect((await client.fineTuning.jobs.list({ metadata: { baldistill_key: 'k2' } })).data).toHaveLength(0);

    const events = (await client.fineTuning.jobs.listEvents(created.id, { limit: 100 })).data;
    expect(events[0]?.message).toContain(job.fine_tuned_model);
    const steps = events.filter((event) => event.type === 'metrics').map((event) => event.data);
    expect(steps).toHaveLength(10);
    expect(steps[0]).toEqual({ step: 120, train_loss: expect.any(Number) });
    const paged: string[] = [];
    for await (const event of client.fineTuning.jobs.listEvents(created.id, { limit: 4 })) paged.push(event.id);
    expect(paged).toEqual(events.map((event) => event.id));
    expect((await client.fineTuning.jobs.checkpoints.list(created.id)).data).toMatchObject([
      { fine_tuned_model_checkpoint: job.fine_tuned_model, step_number: 120 },
    ]);
    expect((await client.models.retrieve(job.fine_tuned_model ?? '')).id).toBe(job.fine_tuned_model);
  });

  it('are the same under the same Idempotency-Key', async () => {
    const { server, client } = await startServer();
    const training_file = await upload(client, trainingLines(1));
    const headers = { 'idempotency-key': 'once' };
    const body = { model: 'naive-bayes', training_file };
    const ids = [];
    for (let turn = 0; turn < 2; turn++) {
      ids.push((await client.fineTuning.jobs.create(body, { headers })).id);
    }
    expect(ids[0]).toBe(ids[1]);
    const other = await send(`${server.url}/fine_tuning/jobs`, { ...body, seed: 9 }, { headers });
    expect([other.status, (await failure(other)).code]).toEqual([409, 'idempotency_conflict']);
    expect((await client.fineTuning.jobs.list()).data).toHaveLength(1);
  });

  it('fail with the line of a bad training file', async () => {
    const { client } = await startServer();
    const good = trainingLines(1).split('\n');
    const bad: [string, RegExp][] = [
      [[...good.slice(0, 2), '{"messages": [', ...good].join('\n'), /line 3: not valid JSON/],
      [[good[0], '{"messages": [{"role": "user", "content": "x"}]}'].join('\n'), /line 2: messages/],
      [
        [
          good[0],
          JSON.stringify({
            messages: [
              { role: 'user', content: 'x' },
              { role: 'assistant', content: 'no' },
            ],
          }),
        ].join('\n'),
        /line 2: .*The answer is/,
      ],
      ['\n', /holds no example/],
    ];
    for (const [text, message] of bad) {
      const job = await client.fineTuning.jobs.create({
        model: 'naive-bayes',
        training_file: await upload(client, text),
      });
      const { status, error } = await finished(client, job.id);
      expect(status).toBe('failed');
      expect(error).toMatchObject({
        code: 'invalid_training_file',
        message: expect.stringMatching(message),
        param: 'training_file',
      });
    }
  });

  it('can be cancelled, and refuse unknown models and files', async () => {
    const { server, client } = await startServer({ behavior: { trainingPauseMs: 30_000 } });
    const training_file = await upload(client, trainingLines(20));
    const { id } = await client.fineTuning.jobs.create({ model: 'naive-bayes', training_file });
    expect((await client.fineTuning.jobs.cancel(id)).status).toBe('cancelled');
    expect(await client.fineTuning.jobs.retrieve(id)).toMatchObject({ status: 'cancelled', fine_tuned_model: null });
    const unknown = await send(`${server.url}/fine_tuning/jobs`, { model: 'gpt-4o', training_file });
    expect([unknown.status, (await failure(unknown)).code]).toEqual([404, 'model_not_found']);
    const missing = await send(`${server.url}/fine_tuning/jobs`, { model: 'naive-bayes', training_file: 'file-x' });
    expect([missing.status, (await failure(missing)).param]).toEqual([400, 'training_file']);
  });

  it.each(['naive-bayes', 'log-linear'])(
    '%s: survive SIGKILL in mid-training, with the same model',
    async (model) => {
      const text = trainingLines(30, 'It is a LABEL.');
      const undisturbed = temporaryFolder();
      const calm = await spawnServer(undisturbed);
      const file = await upload(calm.client, text);
      const wanted = await finished(
        calm.client,
        (await calm.client.fineTuning.jobs.create({ model, training_file: file })).id,
      );

      const state = temporaryFolder();
      const first = await spawnServer(state);
      await send(`${first.origin}/embedded/behavior`, { trainingPauseMs: 20_000 }, { method: 'PUT' });
      const { id } = await first.client.fineTuning.jobs.create({
        model,
        training_file: await upload(first.client, text),
      });
      while ((await first.client.fineTuning.jobs.retrieve(id)).status !== 'running') continue;
      await first.kill();
      expect(readdirSync(join(state, 'models'))).toEqual([]);

      const second = await spawnServer(state);
      const job = await finished(second.client, id);
      expect(job).toMatchObject({ id, status: 'succeeded', fine_tuned_model: wanted.fine_tuned_model });
      const [name = ''] = readdirSync(join(state, 'models'));
      expect(readFileSync(join(state, 'models', name))).toEqual(readFileSync(join(undisturbed, 'models', name)));
      const answer = await second.client.completions.create({
        model: job.fine_tuned_model ?? '',
        prompt: promptFor('it has fur'),
        max_tokens: 50,
      });
      expect(answer.choices[0]?.text).toContain('The answer is: animal');
      const metrics = (await second.client.fineTuning.jobs.listEvents(id, { limit: 100 })).data.filter(
        (event) => event.type === 'metrics',
      );
      expect(new Set(metrics.map((event) => JSON.stringify(event.data))).size).toBe(metrics.length);
    },
    30_000,
  );
});
