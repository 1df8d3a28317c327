/** What is held against the ledger, and what that shows. */
import type { RunRecord } from '../../activities/ports/ledger.ts';
import type { Snapshot } from '../follow/follow.ts';

export interface Known {
  readonly home: string;
  readonly record: RunRecord;
  /** The run as its workflow reports it; undefined where the engine is down or no longer has it. */
  readonly snapshot: Snapshot | undefined;
}

export interface Part {
  readonly name: 'ledger' | 'artifacts' | 'workflow' | 'endpoint';
  /** What was checked, or why it could not be. */
  readonly looked: string;
  /** One sentence a difference. */
  readonly differences: readonly string[];
}
