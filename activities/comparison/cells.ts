/** The cells of a comparison, from ledger and engine: which are completed, which may start, the state of one. */
import type {
  AwaitRunRequest,
  CompletedCell,
  NextCell,
  NextCellRequest,
  RunSeen,
} from '../../contracts/comparison/comparison-messages.ts';
import type { PlannedRun } from '../../contracts/comparison/comparison-grid.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { RunResult } from '../../contracts/progress.ts';
import { settingsTable, summaryOf } from '../../contracts/run/run-description.ts';
import { stillRunning } from '../boundary.ts';
import type { World } from '../ports/world.ts';
import { readPlan } from './read-grid.ts';
import { recordsOf } from './records.ts';

/** The cells whose run is completed already, also by an earlier comparison. */
export async function completedCells(world: World, reference: ArtifactRef): Promise<CompletedCell[]> {
  const { runs } = await readPlan(world, reference);
  const records = await recordsOf(world.ledger, runs.map(nameOf));
  return runs.flatMap(({ spec }, index) => {
    const record = records.get(spec.name);
    return record?.status === 'completed' ? [{ index, charged: record.charged }] : [];
  });
}

/**
 * Whether a cell may start: only if its whole call limit fits beside what the other cells are charged or may still be
 * charged. So the comparison's limit holds without an account of its own.
 */
export async function nextCell(world: World, { comparison, index, open }: NextCellRequest): Promise<NextCell> {
  const { plan, limit } = comparison;
  const { runs } = await readPlan(world, plan);
  const records = await recordsOf(world.ledger, runs.map(nameOf));
  const cell = runs[index];
  if (cell === undefined) throw new RangeError(`There is no cell ${index}.`);
  const limitOf = (at: number): number => {
    const spec = runs[at]?.spec;
    return records.get(spec?.name ?? '')?.limit ?? spec?.budget.calls ?? 0;
  };
  const known = records.get(cell.spec.name);
  if (known?.status === 'completed') return { kind: 'completed', charged: known.charged };
  const isOpen = new Set(open);
  const others = runs.reduce((sum, { spec }, at) => {
    if (at === index) return sum;
    return sum + (isOpen.has(at) ? limitOf(at) : (records.get(spec.name)?.charged ?? 0));
  }, 0);
  const own = limitOf(index);
  if (others + own <= limit) {
    const { spec } = cell;
    return {
      kind: 'start',
      run: await world.owner.signRun(spec),
      summary: summaryOf(spec),
      details: settingsTable(spec),
    };
  }
  if (open.length > 0) return { kind: 'wait' };
  const left = Math.max(0, limit - others);
  return { kind: 'left-out', run: cell.spec.name, reason: `it may be charged ${own} calls, and ${left} are left` };
}

/** Returns when a run has closed or its blocked state has changed; until then it throws a retryable failure. */
export async function awaitRun(world: World, { run, blocked }: AwaitRunRequest): Promise<RunSeen> {
  const snapshot = await world.runs.snapshot(run);
  if (snapshot === undefined) throw stillRunning(`${run} does not answer`);
  if (snapshot.kind === 'open') {
    if ((snapshot.blocked !== null) === blocked) throw stillRunning(`${run} is still running`);
    return snapshot;
  }
  const record = await world.ledger.run({ run });
  const charged = record?.charged ?? 0;
  if (snapshot.kind === 'closed' && snapshot.failure !== null) {
    const stopped = record?.status === 'stopped';
    return { kind: 'closed', status: stopped ? 'stopped' : 'failed', reason: snapshot.failure.slice(0, 200), charged };
  }
  const result = RunResult.safeParse(record?.result).data;
  if (result === undefined) return { kind: 'closed', status: 'failed', reason: 'it ended without a result', charged };
  return { kind: 'closed', status: result.status, reason: null, charged };
}

function nameOf({ spec }: PlannedRun): string {
  return spec.name;
}
