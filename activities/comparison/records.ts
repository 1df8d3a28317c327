import type { Ledger, RunRecord } from '../ports/ledger.ts';

/** What the ledger knows of these runs, by name. Other runs are not read, so one from another version does no harm. */
export async function recordsOf(ledger: Ledger, names: readonly string[]): Promise<ReadonlyMap<string, RunRecord>> {
  const found = await Promise.all(names.map(async (name) => await ledger.run({ run: name })));
  return new Map(found.flatMap((record) => (record === undefined ? [] : [[record.name, record] as const])));
}
