/**
 * A ledger that stores nothing: shows the engine's cost without it. Everything but the life of a call goes to
 * the real one, so that a run begins and ends as always; calls are counted in memory, by slot.
 */
import type { Ledger, SlotRecord } from '../activities/ports/ledger.ts';

export function nullLedger(real: Ledger): Ledger {
  const slots = new Map<number, SlotRecord>();
  const asked = new Map<string, number>();
  const answered = new Set<number>();
  return {
    ...real,
    async intend({ slot, contentKey }) {
      if (answered.has(slot)) return { kind: 'answered', callId: contentKey };
      asked.set(contentKey, slot);
      return { kind: 'send', callId: contentKey, again: false };
    },
    async settle({ callId, answer }) {
      const slot = asked.get(callId);
      if (slot === undefined) throw new Error(`The call ${callId} was never asked for.`);
      asked.delete(callId);
      answered.add(slot);
      slots.set(slot, { slot, callId, answer, reason: null });
      return 'settled';
    },
    refuse: async () => undefined,
    forfeit: async () => undefined,
    slots: async () => [...slots.values()].toSorted((a, b) => a.slot - b.slot),
  };
}
