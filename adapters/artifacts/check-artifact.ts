/** Verifies the bytes of an artifact, which reading alone does not. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { codeOf } from './storage-failure.ts';

/** The problem with an artifact's file, as the end of a sentence; null for a sound one. */
export async function artifactTrouble(folder: string, { sha256, bytes }: ArtifactRef): Promise<string | null> {
  const path = join(folder, sha256.slice(0, 2), sha256);
  const digest = createHash('sha256');
  let length = 0;
  try {
    for await (const block of createReadStream(path)) {
      digest.update(block);
      length += block.length;
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return code === 'ENOENT' ? `${path} is not there` : `${path} cannot be read (${code})`;
  }
  if (length !== bytes) return `${path} has ${length} bytes instead of ${bytes}`;
  return digest.digest('hex') === sha256 ? null : `${path} has other bytes than its name says`;
}
