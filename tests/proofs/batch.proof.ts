/**
 * `npm run proof -- batch`: 3,000 calls in batches of 500; the worker killed during upload, after create, during polling
 * and during download; one batch expires at 60 %, one has failed lines. Prints every batch the endpoint ever had.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runThroughKills } from '../batch/through-kills.ts';
import { slotsWithoutOneAnswer } from '../batch/support.ts';
import { openRig, wordnetSpec } from '../engine/rig.ts';
import type { Rig } from '../engine/rig.ts';
import { queryLedger, violations } from '../ledger/ledger-file.ts';

const slots = 3000;
const lines: string[] = [];
let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(async () => {
  await rig.close();
  process.stdout.write(`\n${lines.join('\n')}\n`);
});

test('every slot exactly once, no batch submitted twice, the bytes of a run call by call', async () => {
  const made = wordnetSpec(
    'large',
    { method: 'adaptive-ft-cot', stages: 1, slots },
    { teacher: '{ embedded: simulated, mode: batch, batch: { maxRequests: 500 } }', student: '{ driver: none }' },
  );
  const { teacher } = made;
  if (teacher === undefined) throw new Error('a teacher');
  const spec = { ...made, data: { builtin: 'wordnet', pool: 6000 } } as const;
  const run = await runThroughKills(rig, spec);
  try {
    for (const { id, status, metadata, request_counts: counts } of run.batches) {
      const { total, completed, failed } = counts;
      lines.push(`${id} ${metadata?.['baldistill_key']} ${status}: ${completed} of ${total}, ${failed} failed`);
    }
    const { billed } = await rig.counters();
    const [books] = queryLedger(run.ledger, 'select charged, settled, forfeited, open from runs');
    lines.push(`billed ${billed}, ledger ${JSON.stringify(books)}`);
    expect(books).toEqual({ charged: slots, settled: slots, forfeited: 0, open: 0 });
    expect(billed).toBe(slots);
    expect(slotsWithoutOneAnswer(run.ledger, 'large')).toEqual([]);
    expect(violations(run.ledger)).toEqual([]);
    expect(new Set(run.batches.map(({ metadata }) => metadata?.['baldistill_key'])).size).toBe(run.batches.length);

    const home = rig.home();
    await home.worker();
    await (await home.start({ ...spec, name: 'by-call', teacher: { ...teacher, mode: 'sync' } })).result();
    expect(readFileSync(join(home.path, 'runs', 'by-call', 'train.jsonl'), 'utf8')).toBe(run.training);
  } finally {
    run.end();
  }
});
