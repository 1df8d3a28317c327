/** An older copy of the ledger in the ledger's place, as after a careless restore; and the right one back again. */
import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Site } from './site.ts';
import type { Watch } from './supervise.ts';
import { until } from './until.ts';

/** A whole copy of the ledger as it is now, while it is written. */
export function copyLedger(site: Site): string {
  const copy = join(site.folder, 'older-ledger.sqlite');
  const database = new DatabaseSync(site.ledgerPath, { readOnly: true, timeout: 5000 });
  try {
    database.exec(`vacuum into '${copy}'`);
  } finally {
    database.close();
  }
  return copy;
}

/** Kills the workers, puts the copy in place, waits for the run to be blocked, and puts the right ledger back. */
export async function swapLedger(site: Site, watch: Watch, copy: string): Promise<void> {
  const count = site.workers.length;
  await Promise.all(site.workers.map(async (worker) => await worker.kill()));
  site.workers = [];
  const right = join(site.folder, 'right-ledger');
  move(site.home, right);
  copyFileSync(copy, site.ledgerPath);
  await site.startWorker();
  const sent = site.requests();
  const blockedRun = await until(() => watch.blockedRuns.get(site.plan.name) === 'LedgerMismatch', 15_000);
  if (!blockedRun) watch.violations.push('an older ledger does not block the run within 15 s');
  if (site.requests() > sent) watch.violations.push(`${site.requests() - sent} calls sent over an older ledger`);
  await Promise.all(site.workers.map(async (worker) => await worker.kill()));
  site.workers = [];
  move(site.home, join(site.folder, 'wrong-ledger'));
  move(right, site.home);
  for (let n = 0; n < count; n += 1) await site.startWorker();
}

function move(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const suffix of ['', '-wal', '-shm']) {
    const name = `ledger.sqlite${suffix}`;
    if (existsSync(join(from, name))) renameSync(join(from, name), join(to, name));
  }
}
