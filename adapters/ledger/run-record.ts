/** Parses stored runs: another version of baldistill may have written them. */
import { z } from 'zod';
import type { RunRecord } from '../../activities/ports/ledger.ts';
import { RunStatus } from '../../contracts/progress.ts';
import { RunSpec } from '../../contracts/run/run-file.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { StoredRun } from './protocol.ts';

const Json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' });
    return z.NEVER;
  }
});

const StoredRecord = z.object({ spec: Json.pipe(RunSpec), status: RunStatus, result: Json.nullable() });

/** Throws `LedgerUnavailable` for a record this version cannot read. */
export function runRecord(stored: StoredRun): RunRecord {
  const parsed = StoredRecord.safeParse(stored);
  if (!parsed.success) {
    throw new BaldistillError(
      'LedgerUnavailable',
      `The ledger's record of run ${stored.name} cannot be read by this version: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { name, limit, charged, openedAt } = stored;
  return { name, limit, charged, openedAt: new Date(openedAt).toISOString(), ...parsed.data };
}
