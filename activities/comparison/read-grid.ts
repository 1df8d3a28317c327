/** Reads the plan of a comparison. It may hold hundreds of runs and is needed for every cell, so it is cached. */
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { ComparisonPlan } from '../../contracts/comparison/comparison-grid.ts';
import type { Artifacts } from '../ports/artifacts.ts';

interface ReadPlan {
  readonly sha256: string;
  readonly plan: Promise<ComparisonPlan>;
}

/** The last plan of each store. It is never stale: an artifact's name is the hash of its content. */
const cache = new WeakMap<Artifacts, ReadPlan>();

export async function readPlan(
  { artifacts }: { readonly artifacts: Artifacts },
  reference: ArtifactRef,
): Promise<ComparisonPlan> {
  const { sha256 } = reference;
  const known = cache.get(artifacts);
  const read = known?.sha256 === sha256 ? known : { sha256, plan: artifacts.readJson(reference, ComparisonPlan) };
  cache.set(artifacts, read);
  try {
    return await read.plan;
  } catch (error) {
    // Do not cache a failure: the file may be restored.
    if (cache.get(artifacts) === read) cache.delete(artifacts);
    throw error;
  }
}
