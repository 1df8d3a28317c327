/** What the parts of a running comparison share, and what it says to its cells. */
import { having } from './compare-state.ts';
import type { Cell, CompareState } from './compare-state.ts';
import type { CompareSteps } from './compare-steps.ts';
import { attempt } from '../blocking.ts';

export interface Comparing {
  readonly state: CompareState;
  readonly steps: CompareSteps;
  readonly changed: () => void;
}

/** Steers the cells that are open. */
export async function steerOpenCells(comparing: Comparing, action: 'pause' | 'resume' | 'cancel'): Promise<void> {
  const blocked = action === 'cancel' ? having(comparing.state, 'blocked') : [];
  await steerCells(comparing, [...having(comparing.state, 'running'), ...blocked], action);
}

/**
 * For a cell that was starting, or being retried, while the others were steered: it missed the message. Repeated until
 * the cell has the current state, since a pause and a resume may overtake each other.
 */
export async function steerLateCell(comparing: Comparing, cell: Cell): Promise<void> {
  const { state } = comparing;
  if (state.cancelled) await steerCells(comparing, [cell], 'cancel');
  for (let paused = false; !state.cancelled && state.paused !== paused;) {
    ({ paused } = state);
    await steerCells(comparing, [cell], paused ? 'pause' : 'resume');
  }
}

/** A cell that is over by then, or in no state for it, does nothing. */
export async function steerCells(
  { state, steps, changed }: Comparing,
  cells: readonly Cell[],
  action: 'pause' | 'resume' | 'cancel',
): Promise<void> {
  if (cells.length === 0) return;
  const summary = `${action} ${cells.length} cells`;
  const request = { comparison: state.input.comparison, runs: cells.map(({ run }) => run), action };
  await attempt(state.blockState, changed, () => steps.control.steerRuns.executeWithOptions({ summary }, [request]));
}
