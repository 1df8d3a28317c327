/** The port `Ledger` over the ledger's thread. */
import { randomUUID } from 'node:crypto';
import type { Ledger } from '../../activities/ports/ledger.ts';
import { claims } from './claims.ts';
import { lasting } from './retried-settlement.ts';
import { LedgerChannel } from './thread/ledger-channel.ts';
import { runRecord } from './run-record.ts';

/**
 * Opens the ledger at `path`, or makes it. Any number of processes may have the same file open, on a local disk.
 * Throws `BaldistillError` `LedgerUnavailable` (locked, damaged, written by a newer version) or `StorageFull`.
 */
export async function openLedger(options: { readonly path: string }): Promise<Ledger> {
  const channel = await LedgerChannel.open(options.path, randomUUID());
  const ends = lasting(channel);
  return {
    identity: () => channel.call('identity', null),
    openRun: (opening) => {
      const { spec } = opening;
      return channel.call('openRun', { ...opening, spec: JSON.stringify(spec), slots: spec.budget.slots });
    },
    verify: (pinned) => channel.call('verify', pinned),
    adopt: (run, charged) => channel.call('adopt', { run, charged }),
    intend: (request) => channel.call('intend', request),
    settle: (callId, answer, cost) => ends.call('settle', { callId, answer, cost }),
    refuse: (callId, reason, { final, batch }) => none(ends.call('refuse', { callId, reason, final, batch })),
    forfeit: (callId, reason, { seen, idempotencyTtl = null, batch }) =>
      none(ends.call('forfeit', { callId, reason, seen, idempotencyTtl, batch })),
    callState: (callId) => channel.call('callState', { callId }),
    markUnusable: (marks) => none(channel.call('markUnusable', marks)),
    markUsable: (callIds) => none(channel.call('markUsable', callIds)),
    recordStage: (record) => none(channel.call('recordStage', record)),
    closedStages: (run) => channel.call('closedStages', { run }),
    entries: (run) => channel.call('entries', { run }),
    history: (run, points) => channel.call('history', { run, points }),
    unusable: (run, each) => channel.call('unusable', { run, each }),
    knownAnswers: (contentKeys) => channel.call('knownAnswers', { contentKeys }),
    answerUsage: (runs) => channel.call('answerUsage', { runs }),
    audit: (run) => channel.call('audit', { run }),
    tally: (runs) => channel.call('tally', { runs }),
    setPlanned: (run, calls) => none(channel.call('setPlanned', { run, calls })),
    slots: (run, stage, round) => channel.call('slots', { run, stage, round }),
    setLimits: (run, limits) => channel.call('setLimits', { run, limits }),
    spend: (request) => channel.call('spend', request),
    spendingOf: (run, key) => channel.call('spendingOf', { run, key }),
    endSpending: (id, end) => none(ends.call('endSpending', { id, end })),
    forgiveForfeits: (run) => none(channel.call('forgiveForfeits', { run })),
    ...claims(channel),
    gatherBatch: (round) => channel.call('gatherBatch', round),
    sealBatch: (id, sealed) => none(channel.call('sealBatch', { id, ...sealed })),
    tryBatch: (id, triedAt) => channel.call('tryBatch', { id, triedAt }),
    recordBatch: (id, remote) => none(ends.call('recordBatch', { id, remote })),
    batch: (id) => channel.call('batch', { id }),
    openBatches: (run) => channel.call('openBatches', { run }),
    batchLines: (id) => channel.call('batchLines', { id }),
    closeBatch: (id) => none(channel.call('closeBatch', { id })),
    budget: (run) => channel.call('budget', { run }),
    summary: (run) => channel.call('summary', { run }),
    setRunStatus: (run, status, result) => {
      const stored = result === undefined || result === null ? null : JSON.stringify(result);
      return none(channel.call('setRunStatus', { run, status, result: stored }));
    },
    run: async (name) => {
      const stored = await channel.call('run', { name });
      return stored === null ? undefined : runRecord(stored);
    },
    runs: async () => (await channel.call('runs', null)).map(runRecord),
    close: async () => {
      try {
        await ends.close();
        await channel.call('close', null);
      } finally {
        await channel.stop();
      }
    },
  };
}

async function none(done: Promise<null>): Promise<void> {
  await done;
}
