import type { Ledger, RunRecord } from '../ports/ledger.ts';

/** The ledger's records of these runs, by name. Other runs are not read: one from another version could not be parsed. */
export async function recordsOf(ledger: Ledger, names: readonly string[]): Promise<ReadonlyMap<string, RunRecord>> {
  const found = await Promise.all(names.map(async (name) => await ledger.run({ run: name })));
  return new Map(found.flatMap((record) => (record === undefined ? [] : [[record.name, record] as const])));
}
