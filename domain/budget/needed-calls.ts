/** How a method's plan fills its slots, and how many teacher calls that needs. */
import type { Switches } from '../methods.ts';

type Asking = Pick<Switches, 'balance' | 'tail' | 'rationale' | 'verify'>;

/** Whether the teacher may be asked to synthesize rows. */
export function synthesizes({ balance, tail }: Pick<Switches, 'balance' | 'tail'>): boolean {
  return balance !== 'none' && tail === 'real-first';
}

/**
 * The most calls one slot needs. A slot is annotated or synthesized, and a synthetic row may be verified; how many slots
 * of a run will be synthesized is known only once its data are read, so a verified run plans two calls for each.
 */
export function callsPerSlot(switches: Asking): number {
  const synthesizing = synthesizes(switches);
  return (
    (synthesizing || switches.rationale === 'teacher' ? 1 : 0) + (synthesizing && switches.verify === 'teacher' ? 1 : 0)
  );
}

/** What the counts of the data say: `missing` slots have no real row of their domain, `rows` are in the whole pool. */
export interface PlannedSlots {
  readonly slots: number;
  readonly missing: number;
  readonly rows: number;
}

/** How the slots of a plan are filled where every answer can be used; they add up to its slots. */
export interface PlannedFilling {
  readonly real: number;
  readonly synthetic: number;
  /** Rows used twice, which costs no call. */
  readonly repeated: number;
  readonly empty: number;
  readonly calls: number;
}

/**
 * A slot that its domain has no row for is synthesized where the method synthesizes; else `shortfall` decides. Reallocated
 * slots go to whatever rows are left in the pool, and are annotated, and paid, like any real row.
 */
export function plannedFilling(
  switches: Asking & Pick<Switches, 'shortfall'>,
  { slots, missing, rows }: PlannedSlots,
): PlannedFilling {
  const own = slots - missing;
  const synthetic = synthesizes(switches) ? missing : 0;
  const short = missing - synthetic;
  const moved = switches.shortfall === 'reallocate' ? Math.min(short, Math.max(0, rows - own)) : 0;
  const repeated = switches.shortfall === 'duplicate' ? short : 0;
  const real = own + moved;
  const calls = (switches.rationale === 'teacher' ? real : 0) + synthetic * (switches.verify === 'teacher' ? 2 : 1);
  return { real, synthetic, repeated, empty: short - moved - repeated, calls };
}

/** The most calls the plan of a run needs; a run of no stages sends no request. */
export function plannedCalls(switches: Asking, slots: number, stages: number): number {
  return stages === 0 ? 0 : callsPerSlot(switches) * slots;
}
