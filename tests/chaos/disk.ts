/** Fills the small file system of a run to its last byte, and frees it again. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Site } from './site.ts';

const block = Buffer.alloc(64 * 1024);

export function fillDisk(site: Site): void {
  const file = openSync(fillerOf(site), 'w');
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
  rmSync(fillerOf(site), { force: true });
}

function fillerOf(site: Site): string {
  if (site.small === undefined) throw new Error('this run has no small file system');
  return join(site.small, 'filler');
}
