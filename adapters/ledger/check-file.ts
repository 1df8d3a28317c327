/** Checks every page of a ledger file. Reads only, so other processes may write meanwhile. */
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

const Findings = z.array(z.object({ quick_check: z.string() }));

/** The first damage that SQLite finds, or null. */
export function fileTrouble(path: string): string | null {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  try {
    const [first] = Findings.parse(database.prepare('PRAGMA quick_check(1)').all());
    return first === undefined || first.quick_check === 'ok' ? null : first.quick_check;
  } finally {
    database.close();
  }
}
