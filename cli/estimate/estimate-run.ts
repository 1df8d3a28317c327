/** A run's plan from its file: reads the data and the ledger, sends no call. */
import { createPrepare } from '../../activities/data/prepare.ts';
import { estimateRun } from '../../estimate/estimate-run.ts';
import type { PlanningWorld } from '../../estimate/estimation-world.ts';
import type { Ledger } from '../../activities/ports/ledger.ts';
import { plannedRun } from '../../estimate/run-size.ts';
import type { PlannedRunCosts } from '../../estimate/run-size.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { createImporter } from '../../adapters/datasets/importer.ts';
import { DomainTable } from '../../contracts/records.ts';
import type { RunEstimate } from '../../contracts/run-estimate.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { openTeacher } from '../../workers/world.ts';
import { artifactFolder, withLedger } from '../runs/stored-runs.ts';

export interface RunPlan {
  readonly prepared: Prepared;
  readonly plan: PlannedRunCosts;
  /** Rows of each domain in the training pool. */
  readonly pool: Readonly<Record<string, number>>;
  readonly estimate: RunEstimate;
}

/** Throws as `prepare` does for bad data, and as stage 0 would for slots that cannot be filled. */
export async function planOfRun(home: string, spec: RunSpec): Promise<RunPlan> {
  const artifacts = createFileArtifacts(artifactFolder(home));
  const prepared = await createPrepare({ artifacts, importer: createImporter() })(spec);
  const { pool } = await artifacts.readJson(prepared.domains, DomainTable);
  const estimate = async (ledger: Ledger | null): Promise<RunEstimate> =>
    await estimateRun(planningWorld(home, ledger), spec, prepared);
  const known = await withLedger(home, estimate);
  return { prepared, plan: plannedRun(spec, pool), pool, estimate: known ?? (await estimate(null)) };
}

export function planningWorld(home: string, ledger: Ledger | null): PlanningWorld {
  return {
    artifacts: createFileArtifacts(artifactFolder(home)),
    ledger,
    // Stage 0 has no student yet, and nothing beyond it is asked for.
    student: () => null,
    teacher: (spec) => openTeacher(spec, notAsked, undefined),
  };
}

function notAsked(): never {
  throw new TypeError('A plan asks no endpoint.');
}
