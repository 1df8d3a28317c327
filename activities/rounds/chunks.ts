/** Divides a round's calls into chunks, which are sent in slices. */
import type { RoundPlan } from '../../contracts/activity-messages.ts';
import { ArtifactRef } from '../../contracts/artifact.ts';
import type { PlannedCall } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Artifacts } from '../ports/artifacts.ts';

const fewestSlots = 128;
/** A chunk adds about ten events to the history, so a stage has at most this many chunks. */
const mostChunks = 300;
const writtenTogether = 8;

/**
 * Slots per chunk. Temporal needs about 40 ms to start the next chunk. Chunks of twice the concurrency limit keep the
 * endpoint busy in the meantime.
 */
export function chunkSlots(calls: number, { teacher }: Pick<RunSpec, 'teacher'>): number {
  return Math.max(fewestSlots, 2 * (teacher?.concurrency ?? 0), Math.ceil(calls / mostChunks));
}

/** Restores the chunks of plans with many of them: the workflow keeps only a reference to their list. */
export async function withChunks(artifacts: Artifacts, plans: readonly RoundPlan[]): Promise<RoundPlan[]> {
  return await Promise.all(
    plans.map(async (plan) => {
      if (plan.chunkList === undefined || plan.chunks.length > 0) return plan;
      const chunks: ArtifactRef[] = [];
      for await (const chunk of artifacts.readLines(plan.chunkList, ArtifactRef)) chunks.push(chunk);
      return { ...plan, chunks };
    }),
  );
}

export async function writeChunks(
  artifacts: Artifacts,
  calls: readonly PlannedCall[],
  spec: Pick<RunSpec, 'teacher'>,
): Promise<ArtifactRef[]> {
  const size = chunkSlots(calls.length, spec);
  const parts: (readonly PlannedCall[])[] = [];
  for (let at = 0; at < calls.length; at += size) parts.push(calls.slice(at, at + size));
  const chunks: ArtifactRef[] = [];
  // Each write waits for the disk, so several run at the same time.
  for (let at = 0; at < parts.length; at += writtenTogether) {
    const written = parts.slice(at, at + writtenTogether).map(async (part) => await artifacts.writeLines(part));
    chunks.push(...(await Promise.all(written)));
  }
  return chunks;
}
