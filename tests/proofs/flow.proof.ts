/**
 * `npm run proof -- flow`: issue 6, acceptance 2, against the embedded endpoint as it enforces limits, over real workers
 * and real HTTP. Prints a table; about seven minutes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { readBoard } from '../../adapters/flow/worker-board.ts';
import { ends, openHome } from '../durability/rig.ts';
import type { Home } from '../durability/rig.ts';

const lines: string[] = ['| what | figure |', '| --- | ---: |'];
afterAll(() => void process.stdout.write(`\n${lines.join('\n')}\n`));
const say = (what: string, figure: number | string): void =>
  void lines.push(`| ${what} | ${typeof figure === 'number' ? figure.toFixed(2) : figure} |`);

/** `random-ft-cot` sends one stage of calls in one go; nothing is trained. */
function runFile(home: Home, name: string, slots: number, teacher: string, seed: number): string {
  return home.file(
    `${name}.yaml`,
    [
      `name: ${name}`,
      'data: { builtin: wordnet, pool: 20000 }',
      `seed: ${seed}`,
      'method: random-ft-cot',
      `budget: { slots: ${slots} }`,
      `teacher: { embedded: simulated, ${teacher} }`,
      'student: { driver: none }',
      '',
    ].join('\n'),
  );
}

const limits = (requestsPerMinute: number) => ({ limits: { requestsPerMinute, burstSeconds: 1, headers: true } });

interface Traffic {
  readonly received: readonly number[];
  readonly billed: readonly number[];
}

/** When the endpoint got requests and billed calls, from its own meter: milliseconds since the epoch. */
function traffic(home: Home): Traffic {
  const rows = readFileSync(join(home.path, 'embedded', 'meter.log'), 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const at = (kind: string): number[] => rows.flatMap(([first, time]) => (first === kind ? [Number(time)] : []));
  return { received: at('r'), billed: at('p') };
}

const within = (times: readonly number[], from: number, to: number): number =>
  times.filter((at) => at >= from && at < to).length;
const rate = (times: readonly number[], from: number, to: number): number =>
  (within(times, from, to) * 1000) / (to - from);

async function untilFirst(home: Home): Promise<number> {
  for (;;) {
    const [first] = traffic(home).received;
    if (first !== undefined) return first;
    await wait(100);
  }
}

async function metric(home: Home, name: string): Promise<number> {
  const [worker] = readBoard(home.path);
  const text = await (await fetch(z.url().parse(worker?.metrics))).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

test('600 requests and 100,000 tokens a minute, two runs: nearly all of it used, hardly a refusal', async () => {
  const home = await openHome();
  try {
    await ends(home.cli('dev'), 0);
    // The hard case: a bucket of one second. About 100 tokens a call: both limits are near.
    await home.behave({
      latencyMs: 400,
      jitterMs: 400,
      limits: { requestsPerMinute: 600, tokensPerMinute: 100_000, burstSeconds: 1, headers: true },
    });
    for (const [index, name] of ['one', 'two'].entries())
      await ends(home.cli('run', runFile(home, name, 1500, 'concurrency: 64', index), '--detach'), 0);
    const start = await untilFirst(home);
    await wait(start + 181_000 - Date.now());
    const { received, billed } = traffic(home);
    const minute = start + 60_000;
    const end = start + 180_000;
    const calls = within(billed, minute, end);
    const tokens = (await metric(home, 'baldistill_tokens_total')) / within(billed, start, Date.now());
    const share = Math.max(calls / 1200, (calls * tokens) / 200_000);
    const refused = (within(received, minute, end) - calls) / within(received, minute, end);
    say('rate limits, two runs: share of the tighter limit used, second and third minute', share);
    say('of it, calls a minute', calls / 2);
    say('tokens a call', tokens);
    say('calls answered 429 after the first minute, per cent', Math.max(0, refused * 100));
    say(
      'calls answered 429 in the first minute',
      String(Math.max(0, within(received, start, minute) - within(billed, start, minute))),
    );
    expect(share).toBeGreaterThanOrEqual(0.97);
    expect(refused).toBeLessThan(0.01);
    for (const name of ['one', 'two']) {
      const { calls: charged } = await home.summary(name);
      say(`calls of ${name}, forfeited`, `${charged.settled}, ${charged.forfeited}`);
      expect(charged.forfeited).toBe(0);
      expect(charged.settled).toBeGreaterThan(500);
      await ends(home.cli('stop', name, '--now'), 0);
    }
  } finally {
    await home.end();
  }
}, 400_000);

test('a limit that drops to a tenth for a minute and comes back', async () => {
  const home = await openHome();

  try {
    await ends(home.cli('dev'), 0);
    await home.behave({ latencyMs: 400, jitterMs: 200, ...limits(600) });
    await ends(home.cli('run', runFile(home, 'dropping', 2000, 'concurrency: 64', 0), '--detach'), 0);
    const start = await untilFirst(home);
    await wait(start + 30_000 - Date.now());
    await home.behave(limits(60));
    const dropped = Date.now();
    await wait(60_000);
    await home.behave(limits(600));
    const back = Date.now();
    await wait(40_000);
    const { received, billed } = traffic(home);
    const before = rate(billed, dropped - 20_000, dropped);
    const low = rate(billed, dropped + 10_000, back);
    const again = rate(billed, back + 10_000, back + 40_000);
    say('calls a second before the limit drops to a tenth', before);
    say('from 10 s after it on', low);
    say('from 10 s after it is back on', again);
    say('within the 10 s after it is back', rate(billed, back, back + 10_000));
    const refused = Math.max(0, within(received, dropped, back) - within(billed, dropped, back));
    say('calls answered 429 in the minute of the drop', String(refused));
    expect(before).toBeGreaterThan(9.5);
    expect(low).toBeGreaterThan(0.8);
    expect(low).toBeLessThan(1.1);
    expect(again).toBeGreaterThan(9.5);
    await ends(home.cli('stop', 'dropping', '--now'), 0);
  } finally {
    await home.end();
  }
}, 400_000);

test('an endpoint that only gets slower: calls in flight settle where throughput stops growing', async () => {
  const home = await openHome();
  try {
    await ends(home.cli('dev'), 0);
    await home.behave({ latencyMs: 150, jitterMs: 100, servers: 12 });
    await ends(home.cli('run', runFile(home, 'slower', 6000, 'concurrency: 128', 0), '--detach'), 0);
    const start = await untilFirst(home);
    await wait(start + 45_000 - Date.now());
    const seen: number[] = [];
    while (Date.now() < start + 75_000) {
      seen.push(await metric(home, 'baldistill_concurrency_limit'));
      await wait(1000);
    }
    const { billed } = traffic(home);
    const settled = seen.toSorted((one, other) => one - other)[Math.floor(seen.length / 2)] ?? 0;
    const served = rate(billed, start + 45_000, start + 75_000);
    say('12 workplaces of 200 ms: calls in flight it settles at, of 128 allowed', settled);
    say('calls a second then, of 60 possible', served);
    expect(settled).toBeGreaterThanOrEqual(11);
    expect(settled).toBeLessThanOrEqual(30);
    expect(served).toBeGreaterThan(54);
    await ends(home.cli('stop', 'slower', '--now'), 0);
  } finally {
    await home.end();
  }
}, 400_000);
