/**
 * `npm run proof -- two-kills`: R52 with 2,600 slots; the worker is killed in the middle of `generate` of stage 2 and
 * again in the middle of fine-tune of stage 3 (stages count from 0), and each time the same `run` command goes on.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { dataFolder } from '../../workers/services/home.ts';
import { ends, openHome, resultOf, until } from '../durability/rig.ts';
import type { Home } from '../durability/rig.ts';

const slots = 2600;
const inFlight = 16;
const example = readFileSync(fileURLToPath(new URL('../../examples/r52.yaml', import.meta.url)), 'utf8');
const lines: string[] = [];
afterAll(() => void process.stdout.write(`\n${lines.join('\n')}\n`));

async function throughKills(home: Home, file: string): Promise<void> {
  await ends(home.cli('run', file, '--detach'), 0);
  await until(async () => (await home.counters()).requests >= (slots * 2) / 5 + 150, 120_000);
  await home.kill('worker');
  await home.behave({ trainingPauseMs: 150 });
  await ends(home.cli('run', file, '--detach'), 0);
  await until(async () => {
    const seen = await home.jobs();
    return seen.length === 4 && seen[0] === 'running';
  }, 120_000);
  await home.kill('worker');
  await home.behave({ trainingPauseMs: 0 });
}

async function measure(idempotent: boolean, kills: boolean): Promise<string> {
  const home = await openHome();
  try {
    const declared = idempotent ? 'embedded: recorded, idempotency: { ttl: 3600 } }' : 'embedded: recorded }';
    const file = home.file('r52.yaml', example.replace('embedded: recorded }', declared));
    await ends(home.cli('dev'), 0);
    await home.behave({ latencyMs: 40, idempotent });
    if (kills) await throughKills(home, file);
    expect(resultOf(await ends(home.cli('run', file, '--json'), 0))).toMatchObject({ status: 'completed' });
    expect(await home.jobs()).toEqual(Array(5).fill('succeeded'));
    const { requests, billed } = await home.counters();
    const { budget, calls } = await home.summary('r52');
    const { settled, forfeited } = calls;
    lines.push(
      `${idempotent ? 'idempotent' : 'plain'}, ${kills ? 'two kills' : 'undisturbed'}: ${requests} requests, ` +
        `billed ${billed}, settled ${settled}, charged ${budget.charged}, forfeited ${forfeited}`,
    );
    expect(billed).toBeLessThanOrEqual(budget.charged);
    expect(budget.charged).toBeLessThanOrEqual(slots);
    expect(forfeited).toBeLessThanOrEqual(idempotent ? 0 : inFlight);
    if (idempotent) expect(billed).toBe(settled);
    return home.trainingSet('r52');
  } finally {
    await home.end();
  }
}

test.skipIf(dataFolder() === undefined)('an idempotent endpoint: nothing is lost, the same bytes', async () => {
  expect(await measure(true, true)).toBe(await measure(true, false));
});

test.skipIf(dataFolder() === undefined)('a plain endpoint: at most what was in flight is lost', async () => {
  await measure(false, true);
});
