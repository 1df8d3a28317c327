/** Chunks of a round: every call is in exactly one chunk, in slot order. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chunkSlots, writeChunks } from '../../activities/rounds/chunks.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { PlannedCall } from '../../contracts/records.ts';
import { TeacherConfig } from '../../contracts/run/run-file.ts';

const teacher = (concurrency: number): { teacher: TeacherConfig } => ({
  teacher: TeacherConfig.parse({ embedded: 'simulated', concurrency }),
});

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'chunks-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a chunk holds twice the concurrency limit, at least 128 calls, and more in a very large round', () => {
  expect(chunkSlots(500, teacher(16))).toBe(128);
  expect(chunkSlots(20_000, teacher(256))).toBe(512);
  expect(chunkSlots(1_000_000, teacher(16))).toBe(3334);
});

test.each([1, 128, 1300])('%i calls are read back in their order', async (count) => {
  const artifacts = createFileArtifacts(folder);
  const calls = Array.from({ length: count }, (_, slot): PlannedCall => ({
    kind: 'annotate',
    slot,
    domain: 'd',
    rowId: `r${slot}`,
    messages: [],
  }));
  const read: PlannedCall[] = [];
  for (const chunk of await writeChunks(artifacts, calls, teacher(16)))
    for await (const call of artifacts.readLines(chunk, PlannedCall)) read.push(call);
  expect(read).toEqual(calls);
});
