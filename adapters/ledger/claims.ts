/**
 * Creations that must happen once. The ledger's row keeps other processes out; callers of this one, which share a
 * session (the cells of a comparison in one worker), wait for each other here.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger } from '../../activities/ports/ledger.ts';
import type { LedgerChannel } from './thread/ledger-channel.ts';
import type { ClaimOutcome } from './thread/protocol.ts';

/** How often a claim that somebody living holds is looked at again. */
const claimPollMs = 200;

export function claims(channel: LedgerChannel): Pick<Ledger, 'claimOnce' | 'recordOnce' | 'forgetOnce'> {
  const creating = new Set<string>();

  async function claim(key: string): Promise<ClaimOutcome> {
    if (creating.has(key)) return { kind: 'held' };
    creating.add(key);
    let kind: ClaimOutcome['kind'] | undefined;
    try {
      const outcome = await channel.call('claimOnce', { key });
      ({ kind } = outcome);
      return outcome;
    } finally {
      if (kind !== 'create') creating.delete(key);
    }
  }

  return {
    async claimOnce(key, signal) {
      for (;;) {
        signal?.throwIfAborted();
        const outcome = await claim(key);
        if (outcome.kind === 'created') return outcome;
        if (outcome.kind === 'create') return { kind: 'create' };
        await delay(claimPollMs);
      }
    },
    async recordOnce(key, value) {
      // Where this fails the claim is still held, until its holder forgets it.
      await channel.call('recordOnce', { key, value });
      creating.delete(key);
    },
    async forgetOnce(key, value) {
      try {
        await channel.call('forgetOnce', { key, value });
      } finally {
        // With a value it is word of an object, and no end of a creation.
        if (value === '') creating.delete(key);
      }
    },
  };
}
