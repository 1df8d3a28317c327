/** A read-only and then a full disk: the run blocks with a sentence, no artifact is torn, and it goes on when there is space. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resumeRun } from '../../workflows/messages.ts';
import { openRig, until, wordnetSpec } from '../engine/rig.ts';
import type { Home, Rig } from '../engine/rig.ts';

let rig: Rig;
let home: Home;
let folder = '';
let mounted = false;

/** Mounting takes root, which a container often has and a laptop has not. */
function mount(...words: string[]): boolean {
  try {
    execFileSync('mount', words, { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  rig = await openRig();
  home = rig.home();
  folder = join(home.path, 'artifacts');
  mkdirSync(folder, { recursive: true });
  mounted = process.platform === 'linux' && mount('-t', 'tmpfs', '-o', 'size=768k', 'tmpfs', folder);
  await home.worker();
});
afterAll(async () => {
  if (mounted) execFileSync('umount', ['-l', folder]);
  await rig.close();
});

test('a disk that takes nothing blocks the run, tears nothing, and space lets it go on', async ({ skip }) => {
  skip(!mounted, 'this user may not mount a small file system, and no disk can be filled safely without one');
  const remount = (options: string): void => void execFileSync('mount', ['-o', `remount,${options}`, folder]);
  const spec = wordnetSpec('full', { seed: 31 });
  const signed = await home.owner.signRun(spec);
  const before = readdirSync(folder);
  remount('ro');
  const handle = await home.start(spec, signed);
  const readOnly = (await until(handle, ({ status }) => status === 'blocked')).blocked;
  expect(readOnly).toMatchObject({ type: 'StorageFull', message: expect.stringContaining('read-only (EROFS)') });
  expect(readdirSync(folder)).toEqual(before);

  remount('rw');
  await rig.behave({ latencyMs: 20 });
  await handle.executeUpdate(resumeRun, { args: [{}] });
  await until(handle, ({ step }) => step === 'generate');
  const ballast = join(folder, 'ballast');
  fill(ballast);
  const full = (await until(handle, ({ status }) => status === 'blocked')).blocked;
  expect(full).toMatchObject({ type: 'StorageFull', message: expect.stringContaining('the disk is full (ENOSPC)') });
  expect(wholeArtifacts()).toBeGreaterThan(before.length);

  rmSync(ballast);
  remount('size=64m');
  await handle.executeUpdate(resumeRun, { args: [{}] });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  wholeArtifacts();
  expect((await rig.counters()).billed).toBe(120);
});

/** How many artifacts there are; every one has the bytes its name promises, and nothing else lies there. */
function wholeArtifacts(): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const artifacts = files.filter(({ name }) => name !== 'ballast');
  for (const { parentPath, name } of artifacts) {
    expect(
      createHash('sha256')
        .update(readFileSync(join(parentPath, name)))
        .digest('hex'),
    ).toBe(name);
  }
  return artifacts.length;
}

/** Takes what is left, block by block, until not even one byte more fits. */
function fill(path: string): void {
  for (const bytes of [65_536, 4096, 1]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
}
