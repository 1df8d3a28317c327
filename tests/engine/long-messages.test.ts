/** An endpoint that refuses with megabytes of text blocks its run like any other, and a resume continues it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { resumeRun } from '../../workflows/messages.ts';
import { openStories, until, wordnetSpec } from './rig.ts';

const at = openStories();
const model = 'simulated-wordnet?noise=0.2&pool=600';

test('three megabytes, truncated in the middle of a character', async () => {
  let refusing = true;
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      if (refusing) {
        // The truncated message ends in the middle of a surrogate pair.
        const message = `x${'😀'.repeat(750_000)}`;
        response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message } }));
        return;
      }
      const answer = await fetch(new URL(request.url ?? '/', at.rig.embedded().url), {
        method: request.method ?? 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.concat(chunks),
      });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const spec = wordnetSpec(
    'long-message',
    { method: 'random-ft-cot', seed: 73 },
    { teacher: `{ baseUrl: 'http://127.0.0.1:${address.port}/v1', model: '${model}' }` },
  );
  const handle = await at.home.start(spec);
  const { blocked } = await until(handle, ({ status }) => status === 'blocked');
  expect(blocked?.type).toBe('EndpointRefusesKey');
  expect(blocked?.message.length).toBeLessThan(400);
  expect(blocked?.message.isWellFormed()).toBe(true);
  refusing = false;
  await handle.executeUpdate(resumeRun, { args: [{}] });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
});
