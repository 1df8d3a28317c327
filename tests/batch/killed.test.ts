/** A killed worker with 300 calls in batches of 75; `npm run proof -- batch` does it with 3,000. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { openRig, wordnetSpec } from '../engine/rig.ts';
import type { Rig } from '../engine/rig.ts';
import { queryLedger, violations } from '../ledger/ledger-file.ts';
import { slotsWithoutOneAnswer } from './support.ts';
import { runThroughKills } from './through-kills.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(async () => await rig.close());

const spec = (mode: string): RunSpec =>
  wordnetSpec(
    'killed',
    { method: 'adaptive-ft-cot', stages: 1, slots: 300 },
    { teacher: `{ embedded: simulated, mode: ${mode}, batch: { maxRequests: 75 } }`, student: '{ driver: none }' },
  );

test('killed during upload, after creating, while polling and during download: every slot once, no batch twice', async () => {
  const run = await runThroughKills(rig, spec('batch'));
  try {
    expect((await rig.counters()).billed).toBe(300);
    expect(queryLedger(run.ledger, 'select charged, settled, forfeited, open from runs')).toEqual([
      { charged: 300, settled: 300, forfeited: 0, open: 0 },
    ]);
    expect(slotsWithoutOneAnswer(run.ledger, 'killed')).toEqual([]);
    const keys = run.batches.map(({ metadata }) => metadata?.['baldistill_key']);
    expect(new Set(keys).size).toBe(keys.length);
    expect(run.batches.map(({ status }) => status)).toContain('expired');
    expect(run.batches.slice(0, 4).map(({ request_counts: counts }) => counts.total)).toEqual([75, 75, 75, 75]);
    const ledger = await openLedger({ path: run.ledger });
    expect(await ledger.audit({ run: 'killed' })).toEqual([]);
    await ledger.close();
    expect(violations(run.ledger)).toEqual([]);

    const home = rig.home();
    await home.worker();
    await (await home.start({ ...spec('sync'), name: 'by-call' })).result();
    expect(readFileSync(join(home.path, 'runs', 'by-call', 'train.jsonl'), 'utf8')).toBe(run.training);
  } finally {
    run.end();
  }
});
