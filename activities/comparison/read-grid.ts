/** The plan of a comparison: hundreds of runs, asked for at every start of a cell, and read once. */
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { ComparisonPlan } from '../../contracts/comparison/comparison-grid.ts';
import type { Artifacts } from '../ports/artifacts.ts';

interface ReadPlan {
  readonly sha256: string;
  readonly plan: Promise<ComparisonPlan>;
}

/** The last one of each store: it can never be out of date, since its name is the hash of what it says. */
const last = new WeakMap<Artifacts, ReadPlan>();

export async function readPlan(
  { artifacts }: { readonly artifacts: Artifacts },
  reference: ArtifactRef,
): Promise<ComparisonPlan> {
  const { sha256 } = reference;
  const known = last.get(artifacts);
  const read = known?.sha256 === sha256 ? known : { sha256, plan: artifacts.readJson(reference, ComparisonPlan) };
  last.set(artifacts, read);
  try {
    return await read.plan;
  } catch (error) {
    // A file that is put back is found the next time.
    if (last.get(artifacts) === read) last.delete(artifacts);
    throw error;
  }
}
