/** How many teacher calls a method's plan needs (METHOD.md, "Words", call limit). */
import type { Switches } from './methods.ts';

type Asking = Pick<Switches, 'balance' | 'tail' | 'rationale' | 'verify'>;

/** Whether the teacher may be asked to invent rows. */
export function invents({ balance, tail }: Pick<Switches, 'balance' | 'tail'>): boolean {
  return balance !== 'none' && tail === 'real-first';
}

/**
 * The most calls one slot needs. A slot is annotated or invented, and an invented row may be verified; how many slots
 * of a run will be invented is known only once its data are read, so a verified run plans two calls for each.
 */
export function callsPerSlot(switches: Asking): number {
  const inventing = invents(switches);
  return (inventing || switches.rationale === 'teacher' ? 1 : 0) + (inventing && switches.verify === 'teacher' ? 1 : 0);
}

/** The most calls the plan of a run needs; a run of no stages asks nobody. */
export function plannedCalls(switches: Asking, slots: number, stages: number): number {
  return stages === 0 ? 0 : callsPerSlot(switches) * slots;
}
