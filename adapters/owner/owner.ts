/** The owner of a home: signs what the CLI starts, and opens what a worker is asked to do. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { Artifacts } from '../../activities/ports/artifacts.ts';
import type { Owner } from '../../activities/ports/owner.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { RunSpec } from '../../contracts/run/run-file.ts';
import { outlineOf } from '../../contracts/signed/signed-run.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { createFileArtifacts } from '../artifacts/file-artifacts.ts';
import { openKeyRing } from './key-ring.ts';
import type { Permissions } from './permissions.ts';

/** Specs kept in memory. A worker asks for the same few again and again. */
const mostKept = 64;

/** `permissions` is null in the CLI, which only signs. */
export function openOwner(home: string, permissions: Permissions | null): Owner {
  const artifacts = createFileArtifacts(join(home, 'artifacts'));
  const ring = openKeyRing(home);
  const kept = new Map<string, RunSpec>();

  return {
    sign: (statement) => ring.sign(statement),
    verify: (statement, signature) => ring.verify(statement, signature),
    async signRun(spec) {
      const outline = outlineOf(spec);
      const reference = await artifacts.writeJson(spec);
      return { outline, spec: reference, signature: ring.sign({ kind: 'run', outline, spec: reference }) };
    },
    async openRun({ outline, spec: reference, signature }) {
      ring.verify({ kind: 'run', outline, spec: reference }, signature);
      const spec = kept.get(reference.sha256) ?? (await readSpec(artifacts, reference));
      kept.delete(reference.sha256);
      kept.set(reference.sha256, spec);
      for (const oldest of kept.keys()) {
        if (kept.size <= mostKept) break;
        kept.delete(oldest);
      }
      permissions?.require(spec);
      return spec;
    },
  };
}

/** The signature covers the hash, so the bytes are held against it here, which reading an artifact does not do. */
async function readSpec(artifacts: Artifacts, reference: ArtifactRef): Promise<RunSpec> {
  const value = await artifacts.readJson(reference, z.unknown());
  const sha256 = createHash('sha256')
    .update(`${canonicalJson(value)}\n`)
    .digest('hex');
  if (sha256 !== reference.sha256)
    throw new BaldistillError(
      'NotOurs',
      `The stored spec ${reference.sha256.slice(0, 12)} was changed after it was signed.`,
    );
  const spec = RunSpec.safeParse(value);
  if (spec.success) return spec.data;
  throw new BaldistillError('NotOurs', `The stored spec ${reference.sha256.slice(0, 12)} is not one of this version.`, {
    cause: spec.error,
  });
}
