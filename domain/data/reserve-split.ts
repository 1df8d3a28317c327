/**
 * The reserve: rows of each domain that are taken out of the training rows for every method alike, and that an
 * embedded teacher returns as synthetic rows. Prepare and teacher draw the same one: it depends on share and
 * rows alone, and on no run's seed.
 */
import { createSplitter } from './data-split.ts';
import type { SplitRow } from './data-split.ts';

export interface ReserveSplitter {
  add(row: SplitRow): void;
  /** Whether each row belongs to the reserve, in the order the rows were given. */
  finish(): boolean[];
}

/** Near-duplicates stay together, and every domain keeps at least one row outside the reserve. */
export function createReserveSplitter(share: number): ReserveSplitter {
  const splitter = createSplitter({ validation: 0, test: share, seed: 'reserve' });
  return {
    add: (row) => splitter.add(row),
    finish: () => splitter.finish().parts.map((part) => part === 'test'),
  };
}
