/** Reads the ledger's file without the ledger. It needs no test runner, so the chaos driver can use it too. */
import { DatabaseSync } from 'node:sqlite';

/** Rows of the file. */
export function queryLedger(path: string, query: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database
      .prepare(query)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

/** Differences from the ledger's guarantees in its event log and tables; empty where they hold. */
export function violations(path: string): string[] {
  const above = queryLedger(path, 'select counter from events where charged > call_limit').map(
    (row) => `event ${String(row['counter'])} is above its limit`,
  );
  const currencies = queryLedger(
    path,
    `select counter from events e where (tokens > token_limit or micro_usd > micro_usd_limit) and not exists
     (select 1 from events a where a.run = e.run and a.transition = 'above-bound')`,
  ).map((row) => `event ${String(row['counter'])} is above its limit of tokens or money`);
  const amounts = queryLedger(
    path,
    `select name, tokens, micro_usd, (select coalesce(sum(tokens), 0) from charges where run = name) as owed_tokens,
     (select coalesce(sum(micro_usd), 0) from charges where run = name) +
     (select coalesce(sum(micro_usd), 0) from spendings where run = name) as owed_money from runs`,
  )
    .filter((row) => row['tokens'] !== row['owed_tokens'] || row['micro_usd'] !== row['owed_money'])
    .map((row) => `run ${JSON.stringify(row)}`);
  const gaps = queryLedger(
    path,
    'select count(*) as n, max(counter) as last, (select counter from ledger) as stored from events',
  )
    .filter((row) => row['n'] !== Number(row['last'] ?? 0) || row['n'] !== row['stored'])
    .map((row) => `event log ${JSON.stringify(row)}`);
  const sums = queryLedger(
    path,
    `select name, charged, open + settled + forfeited + recovered + cached as parts,
     (select coalesce(sum(charged), 0) from charges where run = name) as owed from runs`,
  )
    .filter((row) => row['charged'] !== row['parts'] || row['charged'] !== row['owed'])
    .map((row) => `run ${JSON.stringify(row)}`);
  const payers = queryLedger(
    path,
    `select call_id, count(*) as n from charges where role = 'payer' and charged = 1 group by call_id having n > 1`,
  ).map((row) => `two payers ${JSON.stringify(row)}`);
  return [...above, ...currencies, ...amounts, ...gaps, ...sums, ...payers];
}
