/** Reads the training pool of a stage: rows that earlier stages took are excluded. */
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { DomainTable, Row, Selected } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Prepared, StageResult } from '../../contracts/stage.ts';
import { askingIn } from '../../domain/tasks/asking.ts';
import { openTask } from '../../domain/tasks/open-task.ts';
import type { Output } from '../../domain/tasks/output.ts';
import type { Task } from '../../domain/tasks/task.ts';
import type { Artifacts } from '../ports/artifacts.ts';

/** Ids of the rows chosen in the stages before this one, and in `also`. */
export async function chosenIds(
  artifacts: Artifacts,
  history: readonly StageResult[],
  also: readonly ArtifactRef[] = [],
): Promise<Set<string>> {
  const chosen = new Set<string>();
  for (const selection of [...history.map((stage) => stage.selection), ...also]) {
    for await (const { id } of artifacts.readLines(selection, Selected)) chosen.add(id);
  }
  return chosen;
}

/**
 * Maps the rows of the pool with `keep` and groups them by domain, in file order; undefined leaves a row out. A pool may
 * hold a million rows, so keep only the fields you need.
 */
export async function poolByDomain<T>(
  artifacts: Artifacts,
  prepared: Prepared,
  keep: (row: Row) => T | undefined,
): Promise<Map<string, T[]>> {
  const domains = new Map<string, T[]>();
  for await (const row of artifacts.readLines(prepared.pool, Row)) {
    const kept = keep(row);
    if (kept === undefined) continue;
    const rows = domains.get(row.domain);
    if (rows === undefined) domains.set(row.domain, [kept]);
    else rows.push(kept);
  }
  return domains;
}

export async function domainTable(artifacts: Artifacts, prepared: Prepared): Promise<DomainTable> {
  return await artifacts.readJson(prepared.domains, DomainTable);
}

/** The task of a run over its data set. `output`: the response format that the teacher's prompts ask for. */
export async function taskOf(
  artifacts: Artifacts,
  { spec, prepared }: { readonly spec: RunSpec; readonly prepared: Prepared },
  output: Output = 'text',
): Promise<Task> {
  return openTask(spec.task, (await domainTable(artifacts, prepared)).labels, askingIn(output, spec.prompts));
}
