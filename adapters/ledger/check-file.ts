/** Whether a ledger's file is whole, page by page. Reads only, beside whoever writes. */
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

const Findings = z.array(z.object({ quick_check: z.string() }));

/** Null where SQLite finds nothing; else the first thing it finds. */
export function fileTrouble(path: string): string | null {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  try {
    const [first] = Findings.parse(database.prepare('PRAGMA quick_check(1)').all());
    return first === undefined || first.quick_check === 'ok' ? null : first.quick_check;
  } finally {
    database.close();
  }
}
