/**
 * A comparison: the runs of a grid as children, some at a time, under one limit of calls, and a table of them at the
 * end. Its workflow id is its name. Cells that were completed before are taken as they are; one that
 * fails or is blocked never delays the others.
 */
import {
  CancellationScope,
  CancelledFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { SignedComparison } from '../../contracts/comparison/comparison-messages.ts';
import type { CompareInput, ComparisonResult } from '../../contracts/comparison/comparison-messages.ts';
import type { RunStatus } from '../../contracts/progress.ts';
import { followCell, startCell } from './compare-cell.ts';
import type { CellStart } from './compare-cell.ts';
import { comparisonProgress, having, memoryOf, openComparison, outcomesOf, show, startable } from './compare-state.ts';
import type { Cell, CompareState } from './compare-state.ts';
import { compareSteps } from './compare-steps.ts';
import { answerComparisonUpdates } from './compare-updates.ts';
import { steerCells, steerLateCell, steerOpenCells } from './steer-cells.ts';
import type { Comparing } from './steer-cells.ts';
import { progressOfComparison } from '../messages.ts';
import { attempt, failureOf } from '../blocking.ts';
import { requireSigned } from '../require-signed.ts';

export async function compare(input: CompareInput): Promise<ComparisonResult> {
  requireSigned(SignedComparison, input?.comparison);
  const state = openComparison(input, Date.now());
  const changed = (): void => show(state);
  const comparing: Comparing = { state, steps: compareSteps(input.engine), changed };
  setHandler(progressOfComparison, () => comparisonProgress(state));
  answerComparisonUpdates(comparing);
  changed();

  const lanes: Promise<void>[] = [];
  // Each cell is cancelled by its own message, and all of them are sent.
  const open = (cell: Cell, start: CellStart | null): void => {
    lanes.push(CancellationScope.nonCancellable(async () => await lane(comparing, cell, start)));
  };
  try {
    if (input.memory === undefined) await takeCompleted(comparing);
    for (const cell of having(state, 'blocked')) open(cell, null);
    await dispatch(comparing, open);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    state.cancelled = true;
  }
  return await CancellationScope.nonCancellable(async () => {
    if (state.cancelled) {
      await steerOpenCells(comparing, 'cancel');
      await Promise.all(lanes);
    }
    const result = await end(comparing);
    if (state.cancelled) throw new CancelledFailure('The comparison was stopped at once.');
    return result;
  });
}

async function takeCompleted({ state, steps, changed }: Comparing): Promise<void> {
  const { comparison } = state.input;
  const completed = await attempt(state.blockState, changed, () =>
    steps.control.completedCells.executeWithOptions({ summary: 'which cells the ledger knows' }, [{ comparison }]),
  );
  for (const { index, charged } of completed) {
    const cell = state.cells[index];
    if (cell !== undefined) Object.assign(cell, { status: 'completed', charged } satisfies Partial<Cell>);
  }
}

/** Starts cells while there is room, until none is left to start and none is open. */
async function dispatch(comparing: Comparing, open: (cell: Cell, start: CellStart | null) => void): Promise<void> {
  const { state, changed } = comparing;
  for (;;) {
    await condition(() => isOver(state) || mustContinue(state) || nextOf(state) !== null);
    if (isOver(state)) return;
    if (mustContinue(state)) {
      await condition(allHandlersFinished);
      await continueAsNew({ ...state.input, memory: memoryOf(state) });
    }
    const cell = nextOf(state);
    if (cell === null) continue;
    if (cell.status === 'blocked') {
      await steerCells(comparing, [cell], 'resume');
      state.again.delete(cell);
      cell.status = 'running';
      cell.reason = null;
      // A pause that came meanwhile passed over it as blocked.
      await steerLateCell(comparing, cell);
    } else {
      await decide(comparing, cell, open);
    }
    changed();
  }
}

function isOver(state: CompareState): boolean {
  if (having(state, 'running').length > 0) return false;
  return state.stopping || having(state, 'waiting', 'blocked').length === 0;
}

/** The history is long enough: once no cell runs, a new execution takes over. Blocked cells do not hold it up. */
function mustContinue(state: CompareState): boolean {
  return workflowInfo().continueAsNewSuggested && having(state, 'running').length === 0;
}

/** The cell to start, or to try again, now; null while there is none, or no room. */
function nextOf(state: CompareState): Cell | null {
  return workflowInfo().continueAsNewSuggested ? null : startable(state);
}

/** Asks the ledger whether the cell may start, and starts it. */
async function decide(
  { state, steps, changed }: Comparing,
  cell: Cell,
  open: (cell: Cell, start: CellStart) => void,
): Promise<void> {
  const before = having(state, 'running', 'blocked');
  const request = {
    comparison: state.input.comparison,
    index: cell.index,
    open: before.map(({ index }) => index),
  };
  const next = await attempt(state.blockState, changed, () =>
    steps.control.nextCell.executeWithOptions({ summary: `does cell ${cell.index} fit?` }, [request]),
  );
  switch (next.kind) {
    case 'wait':
      // One that ended while we asked may have made room.
      state.held = before.every(({ status }) => status === 'running' || status === 'blocked');
      return;
    case 'completed':
      Object.assign(cell, { status: 'completed', charged: next.charged } satisfies Partial<Cell>);
      return;
    case 'left-out':
      Object.assign(cell, { status: 'left-out', run: next.run, reason: next.reason } satisfies Partial<Cell>);
      return;
    case 'start':
      // A pause or stop that arrived during the request was answered with: no cell is started.
      if (state.paused || state.stopping) return;
      Object.assign(cell, { status: 'running', run: next.run.outline.name, reason: null } satisfies Partial<Cell>);
      open(cell, next);
  }
}

/** A cell from its start to its end; `start` null where it goes on already. Never throws: the others go on. */
async function lane(comparing: Comparing, cell: Cell, start: CellStart | null): Promise<void> {
  const { state, steps, changed } = comparing;
  const startedAt = Date.now();
  try {
    const child = start === null ? null : await startCell(state, start);
    if (start !== null) await steerLateCell(comparing, cell);
    const { status, reason, charged } = await followCell(state, steps, cell, child, changed);
    const over = status === 'completed' || status === 'stopped' ? status : 'failed';
    Object.assign(cell, { status: over, reason, charged } satisfies Partial<Cell>);
    state.seconds.push((Date.now() - startedAt) / 1000);
  } catch (error) {
    cell.status = 'failed';
    cell.reason = failureOf(error).message;
  }
  state.held = false;
  state.blockedInARow = 0;
  changed();
}

/** Writes the comparison, whatever the end was. */
async function end({ state, steps, changed }: Comparing): Promise<ComparisonResult> {
  const { comparison } = state.input;
  const { name } = comparison;
  const failed = having(state, 'failed').length > 0;
  const status: RunStatus = state.cancelled || state.stopping ? 'stopped' : failed ? 'failed' : 'completed';
  const input = { comparison, status, outcomes: outcomesOf(state) };
  const { folder } = await attempt(state.blockState, changed, () =>
    steps.control.writeComparison.executeWithOptions({ summary: `write the comparison: ${status}` }, [input]),
  );
  state.ended = status;
  changed();
  await condition(allHandlersFinished);
  return { name, status, folder, counts: comparisonProgress(state).counts };
}
