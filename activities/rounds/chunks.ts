/** A round's calls, cut into the chunks that are sent as slices. */
import type { RoundPlan } from '../../contracts/activity-messages.ts';
import { ArtifactRef } from '../../contracts/artifact.ts';
import type { PlannedCall } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Artifacts } from '../ports/artifacts.ts';

const fewestSlots = 128;
/** Every chunk is some ten events of history: larger ones where a stage would have more than this many. */
const mostChunks = 300;
const writtenTogether = 8;

/**
 * Slots a chunk. When the last call of one is answered, the engine needs some 40 ms to bring the next: twice the calls
 * in flight, in each chunk of the window, keep the endpoint busy meanwhile.
 */
export function chunkSlots(calls: number, { teacher }: Pick<RunSpec, 'teacher'>): number {
  return Math.max(fewestSlots, 2 * (teacher?.concurrency ?? 0), Math.ceil(calls / mostChunks));
}

/** Plans as they were made: the workflow keeps those with many chunks without them. */
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
  // Each waits for the disk, and can do so beside others.
  for (let at = 0; at < parts.length; at += writtenTogether) {
    const written = parts.slice(at, at + writtenTogether).map(async (part) => await artifacts.writeLines(part));
    chunks.push(...(await Promise.all(written)));
  }
  return chunks;
}
