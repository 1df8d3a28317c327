/**
 * `npm run proof -- kill-table`: R52 with 2,600 slots and 64 calls in flight, its worker killed at 10, 50 and 90 % of
 * the calls and started again by the same command. Prints what each kill cost in calls and in seconds.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { dataFolder } from '../../workers/services/home.ts';
import { ends, openHome, resultOf, until } from '../durability/rig.ts';

const slots = 2600;
const inFlight = 64;
const latencyMs = 200;
const example = readFileSync(fileURLToPath(new URL('../../examples/r52.yaml', import.meta.url)), 'utf8');

interface Measured {
  readonly seconds: number;
  readonly requests: number;
  readonly billed: number;
  readonly charged: number;
  readonly settled: number;
  readonly forfeited: number;
  readonly training: string;
}

const lines = [
  '| endpoint | killed at | requests | billed | settled | charged | forfeited | seconds | seconds lost | same data set |',
];
lines.push('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |');
afterAll(() => void process.stdout.write(`\n${lines.join('\n')}\n`));

/** One run in a home of its own, killed once this share of its calls was sent; undisturbed without one. */
async function measure(idempotent: boolean, share?: number): Promise<Measured> {
  const home = await openHome();
  try {
    const declared = `concurrency: ${inFlight}${idempotent ? ', idempotency: { ttl: 3600 }' : ''}`;
    const file = home.file('r52.yaml', example.replace('embedded: recorded }', `embedded: recorded, ${declared} }`));
    await ends(home.cli('dev'), 0);
    await home.behave({ latencyMs, idempotent });
    const startedAt = performance.now();
    if (share !== undefined) {
      await ends(home.cli('run', file, '--detach'), 0);
      await until(async () => (await home.counters()).requests >= slots * share, 120_000);
      await home.kill('worker');
    }
    const said = await ends(home.cli('run', file, '--json'), 0);
    const seconds = (performance.now() - startedAt) / 1000;
    expect(resultOf(said)).toMatchObject({ status: 'completed' });
    const { requests, billed } = await home.counters();
    const { budget, calls } = await home.summary('r52');
    expect(calls.open).toBe(0);
    expect(billed).toBeLessThanOrEqual(budget.charged);
    expect(budget.charged).toBeLessThanOrEqual(slots);
    const { settled, forfeited } = calls;
    return {
      seconds,
      requests,
      billed,
      charged: budget.charged,
      settled,
      forfeited,
      training: home.trainingSet('r52'),
    };
  } finally {
    await home.end();
  }
}

for (const idempotent of [true, false]) {
  test.skipIf(dataFolder() === undefined)(idempotent ? 'an idempotent endpoint' : 'a plain endpoint', async () => {
    const quiet = await measure(idempotent);
    const row = (killed: string, run: Measured): void => {
      const lost = (run.seconds - quiet.seconds).toFixed(1);
      const { requests, billed, settled, charged, forfeited } = run;
      const same = run.training === quiet.training ? 'yes' : 'no';
      const cells = [killed, requests, billed, settled, charged, forfeited, run.seconds.toFixed(1), lost, same];
      lines.push(`| ${idempotent ? 'idempotent' : 'plain'} | ${cells.join(' | ')} |`);
    };
    row('never', quiet);
    for (const share of [0.1, 0.5, 0.9]) {
      const run = await measure(idempotent, share);
      row(`${share * 100} %`, run);
      expect(run.forfeited).toBeLessThanOrEqual(idempotent ? 0 : inFlight);
      if (idempotent) {
        expect(run.billed).toBe(run.settled);
        expect(run.training).toBe(quiet.training);
      }
    }
  });
}
