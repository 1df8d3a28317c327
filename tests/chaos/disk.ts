/**
 * Fills the small file system of a run to its last byte, and frees it again. Where mounting is forbidden, its workers
 * may write no file beyond 1 KiB instead (`ulimit -f`, set from outside).
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Site } from './site.ts';

const filler = 'filler';
const block = Buffer.alloc(64 * 1024);

export function fillDisk(site: Site): void {
  if (site.small === undefined) return limitFiles(site, '1024');
  const file = openSync(join(site.small, filler), 'w');
  try {
    for (let size = block.length; size > 0;) {
      try {
        if (writeSync(file, block, 0, size) < size) size = Math.floor(size / 2);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

export function freeDisk(site: Site): void {
  if (site.small === undefined) limitFiles(site, 'unlimited');
  else rmSync(join(site.small, filler), { force: true });
}

function limitFiles(site: Site, bytes: string): void {
  for (const worker of site.workers.filter((part) => part.alive())) {
    execFileSync('prlimit', ['--pid', String(worker.pid), `--fsize=${bytes}:unlimited`]);
  }
}
