/** What a comparison remembers, and how it shows it: query and current details. */
import { setCurrentDetails } from '@temporalio/workflow';
import type { CellStatus } from '../../contracts/comparison/comparison.ts';
import type {
  CellNote,
  CompareInput,
  CompareMemory,
  ComparisonProgress,
  Outcomes,
} from '../../contracts/comparison/comparison-messages.ts';
import type { RunStatus } from '../../contracts/progress.ts';
import { comparisonDetails } from '../details.ts';
import { openBlockState } from '../blocking.ts';
import type { BlockState } from '../blocking.ts';

/** Names of cells that are over, handed on: people are shown a few of them, and a payload stays small. */
const mostNames = 100;

export interface Cell {
  readonly index: number;
  status: CellStatus;
  /** The run's name, once it is known here. */
  run: string;
  reason: string | null;
  /** Teacher calls, once it has ended. */
  charged: number;
}

export interface CompareState {
  readonly input: CompareInput;
  readonly cells: readonly Cell[];
  readonly startedAt: number;
  readonly limit: number;
  /** Starts no further cell. */
  paused: boolean;
  /** The pause has ended, and the cells are being resumed. */
  resuming: boolean;
  /** Ends after the cells that run. */
  stopping: boolean;
  /** Every open cell is asked to end. */
  cancelled: boolean;
  /** For the comparison's own steps; cells block separately. Never paused: queries continue. */
  readonly blockState: BlockState;
  /** No cell is started until one that is open has ended: the next does not fit into the limit now. */
  held: boolean;
  /** Blocked cells that a person wants tried again, as soon as there is room for them. */
  readonly again: Set<Cell>;
  /** Cells that got blocked since one last ended: a common cause must not block all of them. */
  blockedInARow: number;
  /** How long the cells took that ended in this execution. */
  readonly seconds: number[];
  ended: RunStatus | null;
}

export function openComparison(input: CompareInput, now: number): CompareState {
  const { memory } = input;
  const reasons = new Map(memory?.reasons.map(({ index, reason }) => [index, reason]));
  const blocked = new Map(memory?.blocked.map((cell) => [cell.index, cell]));
  const names = new Map([...(memory?.names ?? []), ...blocked.values()].map(({ index, run }) => [index, run]));
  const cells = Array.from({ length: input.comparison.cells }, (_, index): Cell => {
    const [run, reason] = [names.get(index) ?? '', reasons.get(index) ?? null];
    const [status, charged] = [memory?.statuses[index] ?? 'waiting', memory?.charged[index] ?? 0];
    return { index, status, run, reason, charged };
  });
  return {
    input,
    cells,
    startedAt: memory?.startedAt ?? now,
    limit: input.comparison.limit,
    paused: memory?.paused ?? false,
    resuming: false,
    stopping: memory?.stopping ?? false,
    cancelled: false,
    blockState: openBlockState(),
    held: false,
    again: new Set(cells.filter(({ index }) => blocked.get(index)?.again === true)),
    blockedInARow: 0,
    seconds: [],
    ended: null,
  };
}

export function having(state: CompareState, ...statuses: readonly CellStatus[]): Cell[] {
  return state.cells.filter(({ status }) => statuses.includes(status));
}

export function outcomesOf({ cells }: CompareState): Outcomes {
  const reasons = cells.flatMap(({ index, reason }) =>
    reason === null ? [] : [{ index, reason: reason.slice(0, 100) }],
  );
  return { statuses: cells.map(({ status }) => status), reasons: reasons.slice(0, 300) };
}

export function memoryOf(state: CompareState): CompareMemory {
  const { startedAt, stopping, paused, again } = state;
  const blocked = having(state, 'blocked').map((cell) => ({
    index: cell.index,
    run: cell.run,
    again: again.has(cell),
  }));
  const names = having(state, 'failed', 'stopped', 'left-out')
    .slice(0, mostNames)
    .map(({ index, run }) => ({ index, run }));
  const charged = state.cells.map((cell) => cell.charged);
  return { ...outcomesOf(state), charged, blocked, names, startedAt, stopping, paused };
}

export function statusOf(state: CompareState): RunStatus {
  if (state.ended !== null) return state.ended;
  if (blockedOf(state) !== null) return 'blocked';
  return state.paused ? 'paused' : 'running';
}

/** The cell to start, or to try again; null while there is none, or no room. */
export function startable(state: CompareState): Cell | null {
  if (state.paused || state.resuming || state.stopping) return null;
  const { window } = state.input.comparison;
  if (having(state, 'running').length >= window) return null;
  const again = having(state, 'blocked').find((cell) => state.again.has(cell));
  if (again !== undefined) return again;
  // What blocks this many in a row is likely to block the next: wait for a user.
  if (state.held || state.blockedInARow > window) return null;
  return having(state, 'waiting')[0] ?? null;
}

function blockedOf(state: CompareState): ComparisonProgress['blocked'] {
  const { blocked: own } = state.blockState;
  if (own !== null) return { message: own.message, remedy: own.remedy };
  const blocked = having(state, 'blocked');
  const [first] = blocked;
  if (first === undefined || having(state, 'running').length > 0) return null;
  // Between two cells nothing runs and no action is needed.
  if (startable(state) !== null) return null;
  const others = blocked.length === 1 ? '' : ` and ${blocked.length - 1} more`;
  return {
    message: `${first.run}${others} cannot go on. ${first.reason ?? ''}`,
    remedy: 'Fix what blocks them (`baldistill status RUN` says what to do), then resume the comparison.',
  };
}

export function comparisonProgress(state: CompareState): ComparisonProgress {
  const { cells, seconds, startedAt, limit } = state;
  const { comparison } = state.input;
  const counts = { waiting: 0, running: 0, blocked: 0, completed: 0, stopped: 0, failed: 0, 'left-out': 0 };
  for (const { status } of cells) counts[status] += 1;
  return {
    name: comparison.name,
    plan: comparison.plan.sha256,
    status: statusOf(state),
    blocked: state.ended === null ? blockedOf(state) : null,
    cells: cells.length,
    counts,
    open: having(state, 'running').slice(0, 20).map(noteOf),
    trouble: having(state, 'blocked', 'failed', 'stopped', 'left-out').slice(0, 20).map(noteOf),
    startedAt,
    window: comparison.window,
    secondsPerCell: seconds.length === 0 ? null : seconds.reduce((sum, each) => sum + each, 0) / seconds.length,
    charged: cells.reduce((sum, { charged }) => sum + charged, 0),
    limit,
  };
}

export function show(state: CompareState): void {
  setCurrentDetails(comparisonDetails(comparisonProgress(state)));
}

function noteOf({ run, status, reason }: Cell): CellNote {
  return { run, status, reason: reason?.slice(0, 200) ?? null };
}
