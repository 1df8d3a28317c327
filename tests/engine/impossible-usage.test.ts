/** An endpoint that reports an impossible number of tokens stops its run, and nothing else. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { resumeRun } from '../../workflows/messages.ts';
import { queryLedger, violations } from '../ledger/ledger-file.ts';
import { openStories, until, wordnetSpec } from './rig.ts';

const at = openStories();
const model = 'simulated-wordnet?noise=0.2&pool=600';
const ledgerFile = (): string => join(at.home.path, 'ledger.sqlite');

/** A proxy before the embedded endpoint that replaces the reported usage. */
async function reporting(usage: object): Promise<string> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const answer = await fetch(new URL(request.url ?? '/', at.rig.embedded().url), {
        method: request.method ?? 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.concat(chunks),
      });
      const text = (await answer.text()).replace(/"usage":\{[^}]*\}/, `"usage":${JSON.stringify(usage)}`);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}/v1`;
}

const specBehind = (name: string, url: string, seed: number) =>
  wordnetSpec(
    name,
    { method: 'random-ft-cot', seed },
    { teacher: `{ baseUrl: '${url}', model: '${model}', concurrency: 4, price: { input: 1, output: 2 } }` },
  );

test('9007199254740991 tokens: worst case charged, the run is blocked with the reported value, a resume completes it', async () => {
  const url = await reporting({ prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 3 });
  const handle = await at.home.start(specBehind('absurd', url, 70));
  const { blocked } = await until(handle, ({ status }) => status === 'blocked');
  expect(blocked?.type).toBe('UsageAboveBound');
  expect(blocked?.message).toContain('reported {"prompt_tokens":9007199254740991,"completion_tokens":3}');
  expect(blocked?.message).toContain('charged the worst case');

  const other = await at.home.start(wordnetSpec('unharmed', { method: 'random-ft-cot', seed: 71 }));
  expect(await other.result()).toMatchObject({ status: 'completed' });

  await handle.executeUpdate(resumeRun, { args: [{}] });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  const ledger = await openLedger({ path: ledgerFile() });
  try {
    const { tokens, money, budget } = await ledger.summary({ run: 'absurd' });
    expect(budget).toMatchObject({ charged: 120, settled: 120, tokens: { charged: tokens.worst } });
    expect(budget.microUsd.charged).toBe(money.worstMicroUsd);
    expect((await ledger.entries({ run: 'absurd' }))[0]?.reason).toContain(
      'impossible usage: {"prompt_tokens":9007199254740991',
    );
  } finally {
    await ledger.close();
  }
  expect(queryLedger(ledgerFile(), `select excess_tokens from runs where name = 'absurd'`)).toEqual([
    { excess_tokens: 0 },
  ]);
  expect(violations(ledgerFile())).toEqual([]);
});

test('a usage that is not a number leaves the worst case charged, and the run continues', async () => {
  const url = await reporting({ prompt_tokens: -12, completion_tokens: 'NaN' });
  const handle = await at.home.start(specBehind('odd', url, 72));
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  const [sums] = queryLedger(ledgerFile(), `select tokens, charged from runs where name = 'odd'`);
  const [worst] = queryLedger(ledgerFile(), `select sum(worst_tokens) as tokens from charges where run = 'odd'`);
  expect(sums).toEqual({ charged: 120, ...worst });
});
