/** The flow of a run's calls at this moment, as the workers of this home say it twice a second. */
import { isFresh, readBoard } from '../../adapters/flow/worker-board.ts';
import type { FlowSnapshot, WorkerSnapshot } from '../../contracts/flow/flow.ts';
import { sumOfSnapshots } from '../../contracts/flow/flow-sum.ts';

/** Null where no worker of this machine is at it: between two stages, or where the workers are on other machines. */
export function flowNow(home: string, run: string): FlowSnapshot | null {
  const snapshots = readBoard(home)
    .filter((worker) => isFresh(worker, Date.now()))
    .flatMap(({ endpoints }) => endpoints.flatMap(({ runs }) => runs))
    .filter((each) => each.run === run)
    .map(({ flow }) => flow);
  return sumOfSnapshots(snapshots);
}

/** Addresses of metrics, of every living worker that serves them. */
export function metricsNow(home: string): readonly string[] {
  return readBoard(home).flatMap(({ metrics }: WorkerSnapshot) => (metrics === null ? [] : [metrics]));
}
