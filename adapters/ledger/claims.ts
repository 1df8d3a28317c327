/**
 * Creations that must happen once. The ledger's row excludes other processes; the callers of this process share a session
 * (the cells of a comparison in one worker) and wait for each other here.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger } from '../../activities/ports/ledger.ts';
import type { ClaimOutcome, Operations } from './protocol.ts';

/** How often a held claim is requested again. */
const claimPollMs = 200;

export function claims(ledger: Operations): Pick<Ledger, 'claimOnce' | 'recordOnce' | 'forgetOnce'> {
  const creating = new Set<string>();

  async function claim(key: string): Promise<ClaimOutcome> {
    if (creating.has(key)) return { kind: 'held' };
    creating.add(key);
    let kind: ClaimOutcome['kind'] | undefined;
    try {
      const outcome = await ledger.claimOnce({ key });
      ({ kind } = outcome);
      return outcome;
    } finally {
      if (kind !== 'create') creating.delete(key);
    }
  }

  return {
    async claimOnce({ key, signal }) {
      for (;;) {
        signal?.throwIfAborted();
        const outcome = await claim(key);
        if (outcome.kind === 'created') return outcome;
        if (outcome.kind === 'create') return { kind: 'create' };
        await delay(claimPollMs);
      }
    },
    async recordOnce(record) {
      // Where this fails the claim stays held until its holder forgets it.
      await ledger.recordOnce(record);
      creating.delete(record.key);
    },
    async forgetOnce(record) {
      try {
        await ledger.forgetOnce(record);
      } finally {
        // With a value the record is about an object, and no creation ends.
        if (record.value === '') creating.delete(record.key);
      }
    },
  };
}
