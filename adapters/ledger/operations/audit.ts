/** Holds the ledger's tables against each other and against its event log, and says exactly what differs. */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { BaldistillError } from '../../../domain/failures.ts';
import type { LedgerTransaction } from '../transaction.ts';

/** Sentences, one a difference; empty where everything agrees. Throws `LedgerMismatch` for a run it never saw. */
export async function audit(transaction: LedgerTransaction, { run }: { run: string }): Promise<readonly string[]> {
  await transaction.flush();
  await transaction.budget(run);
  const found: string[] = [];
  for (const { query, say } of checks(run)) {
    const { rows } = await query.execute(transaction.database);
    found.push(...rows.map((row) => say(row)));
  }
  if (found.length > 0 || (await exists(transaction, run))) return found;
  throw new BaldistillError('LedgerMismatch', `The ledger ${transaction.path} lost the run ${run}.`);
}

type Row = Readonly<Record<string, unknown>>;

interface Check {
  /** Gives one row a difference. */
  readonly query: RawBuilder<Row>;
  readonly say: (row: Row) => string;
}

const says = (query: RawBuilder<Row>, say: (row: Row) => string): Check => ({ query, say });
const word = (value: unknown): string => String(value);

function checks(run: string): readonly Check[] {
  return [
    says(
      sql<Row>`select l.counter, (select count(*) from events) as events, (select max(counter) from events) as last
        from ledger l where l.counter != (select count(*) from events)
        or l.counter != (select coalesce(max(counter), 0) from events)`,
      (row) =>
        `the ledger counts ${word(row['counter'])} events, its log holds ${word(row['events'])} up to ${word(row['last'])}`,
    ),
    says(
      sql<Row>`select counter, charged, call_limit from events where run = ${run} and charged > call_limit`,
      (row) =>
        `at event ${word(row['counter'])} ${word(row['charged'])} of ${word(row['call_limit'])} calls are charged`,
    ),
    says(
      sql<Row>`select counter, transition from events e where run = ${run}
        and (tokens > token_limit or micro_usd > micro_usd_limit)
        and not exists (select 1 from events a where a.run = e.run and a.transition = 'above-bound' and a.counter <= e.counter + 1)`,
      (row) => `at event ${word(row['counter'])} (${word(row['transition'])}) tokens or money are above their limit`,
    ),
    ...runChecks(run),
    ...callChecks(run),
  ];
}

function charges(value: RawBuilder<unknown>, condition: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(select coalesce(sum(${value}), 0) from charges where run = r.name and ${condition})`;
}

function runChecks(run: string): readonly Check[] {
  const last = (column: string) =>
    says(
      sql<Row>`select r.${sql.ref(column)} as now, e.${sql.ref(column)} as logged, e.counter from runs r join events e on e.run = r.name
        where r.name = ${run} and e.counter = (select max(counter) from events where run = r.name)
        and r.${sql.ref(column)} != e.${sql.ref(column)}`,
      (row) =>
        `the run has ${column} ${word(row['now'])}, its last event (${word(row['counter'])}) says ${word(row['logged'])}`,
    );
  const sums = (what: string, of: string, from: RawBuilder<unknown>) =>
    says(
      sql<Row>`select ${sql.ref(`r.${of}`)} as stored, ${from} as counted from runs r where r.name = ${run} and ${sql.ref(`r.${of}`)} != ${from}`,
      (row) => `${what}: the run says ${word(row['stored'])}, its entries make ${word(row['counted'])}`,
    );
  const count = sql`charged`;
  return [
    ...['charged', 'tokens', 'micro_usd', 'call_limit'].map(last),
    sums('calls charged', 'charged', sql`(r.open + r.settled + r.forfeited + r.recovered + r.cached)`),
    sums('calls charged, by slot', 'charged', charges(count, sql`1 = 1`)),
    sums('calls in flight', 'open', charges(count, sql`state = 'open'`)),
    sums('calls settled', 'settled', charges(count, sql`state = 'settled' and role = 'payer'`)),
    sums('calls from the cache', 'cached', charges(count, sql`state = 'settled' and role = 'cached'`)),
    sums('calls forfeited', 'forfeited', charges(count, sql`state = 'forfeited'`)),
    sums('calls recovered', 'recovered', charges(count, sql`state = 'recovered'`)),
    sums('tokens', 'tokens', charges(sql`tokens`, sql`1 = 1`)),
    sums(
      'money in micro-USD',
      'micro_usd',
      sql`(${charges(sql`micro_usd`, sql`1 = 1`)} + (select coalesce(sum(micro_usd), 0) from spendings where run = r.name))`,
    ),
  ];
}

function callChecks(run: string): readonly Check[] {
  return [
    says(
      sql<Row>`select call_id, count(*) as payers from charges where role = 'payer' and charged = 1 and call_id is not null
        and call_id in (select call_id from charges where run = ${run}) group by call_id having count(*) > 1`,
      (row) => `the call ${word(row['call_id'])} is charged to ${word(row['payers'])} payers`,
    ),
    says(
      sql<Row>`select c.stage, c.slot, c.state, c.call_id, k.state as call_state from charges c left join calls k on k.call_id = c.call_id
        where c.run = ${run} and c.call_id is not null and c.state in ('open', 'settled', 'recovered', 'forfeited')
        and (k.call_id is null
          or (c.state = 'open' and k.state != 'intent')
          or (c.state in ('settled', 'recovered') and (k.state not in ('settled', 'recovered') or k.answer_text is null))
          or (c.state = 'forfeited' and k.state != 'forfeited'))`,
      (row) =>
        `stage ${word(row['stage'])}, slot ${word(row['slot'])} is ${word(row['state'])}, its call ${word(row['call_id'])} is ${word(row['call_state'] ?? 'not there')}`,
    ),
    says(
      sql<Row>`select c.call_id from charges c where c.run = ${run} and c.role = 'payer' and c.state = 'settled'
        and c.call_id not in (select call_id from events where transition = 'settle' and call_id is not null)`,
      (row) => `the call ${word(row['call_id'])} is settled, and no event says so`,
    ),
    says(
      sql<Row>`select distinct e.call_id from events e left join calls k on k.call_id = e.call_id
        where e.run = ${run} and e.transition in ('settle', 'recover') and (k.call_id is null or k.answer_text is null)`,
      (row) => `an event says that the call ${word(row['call_id'])} was answered, and its answer is not there`,
    ),
    says(
      sql<Row>`select k.call_id, k.session from calls k where k.run = ${run} and k.state = 'intent' and k.session like 'batch:%'
        and not exists (select 1 from batches b join batch_lines l on l.batch = b.id
          where 'batch:' || b.id = k.session and l.call_id = k.call_id and b.state != 'closed')`,
      (row) => `the call ${word(row['call_id'])} is open, and no open batch carries it`,
    ),
    says(
      sql<Row>`select k.call_id from calls k join runs r on r.name = k.run
        where r.name = ${run} and k.state = 'intent' and r.status in ('completed', 'stopped', 'failed')`,
      (row) => `the run is over, and its call ${word(row['call_id'])} is still open`,
    ),
    says(
      sql<Row>`select s.id, s.kind from spendings s join runs r on r.name = s.run
        where r.name = ${run} and s.state = 'open' and r.status in ('completed', 'stopped', 'failed')`,
      (row) => `the run is over, and its spending ${word(row['id'])} (${word(row['kind'])}) is still open`,
    ),
  ];
}

async function exists({ statements, database }: LedgerTransaction, run: string): Promise<boolean> {
  return (await statements.runRow(database, { name: run })).length === 1;
}
