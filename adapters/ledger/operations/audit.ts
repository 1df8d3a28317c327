/** Checks the ledger's tables against each other and against its event log; one sentence per difference. */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { RunKey } from '../../../activities/ports/ledger.ts';
import type { Operation } from '../protocol.ts';
import { statement } from '../transaction.ts';
import type { Parameter, Statement } from '../transaction.ts';

/** Throws `LedgerMismatch` for a run that this ledger does not have. */
export const audit: Operation<'audit'> = async (transaction, { run }) => {
  await transaction.account(run);
  await transaction.flush();
  const differences: string[] = [];
  for (const { query, sentence } of checks) {
    const rows = await transaction.run(query, { run });
    differences.push(...rows.map((row) => sentence((column) => String(row[column]))));
  }
  return differences;
};

type Row = Readonly<Record<string, unknown>>;

interface Check {
  /** Returns one row per difference. */
  readonly query: Statement<RunKey, Row>;
  readonly sentence: (value: (column: string) => string) => string;
}

function check(build: (run: RawBuilder<string>) => RawBuilder<Row>, sentence: Check['sentence']): Check {
  return { query: statement((_, p: Parameter<RunKey>) => build(p('run'))), sentence };
}

/** A column of the run has to equal the run's last event. */
function lastEvent(column: string): Check {
  const name = sql.ref(column);
  return check(
    (run) => sql`select r.${name} as now, e.${name} as logged, e.counter from runs r join events e on e.run = r.name
      where r.name = ${run} and e.counter = (select max(counter) from events where run = r.name)
      and r.${name} != e.${name}`,
    (v) => `the run has ${column} ${v('now')}, its last event (${v('counter')}) says ${v('logged')}`,
  );
}

/** A column of the run has to equal a sum over its entries. */
function entrySum(what: string, column: string, total: RawBuilder<unknown>): Check {
  const name = sql.ref(`r.${column}`);
  return check(
    (run) =>
      sql`select ${name} as stored, ${total} as counted from runs r where r.name = ${run} and ${name} != ${total}`,
    (v) => `${what}: the run says ${v('stored')}, its entries make ${v('counted')}`,
  );
}

function charges(column: string, condition: string): RawBuilder<unknown> {
  return sql`(select coalesce(sum(${sql.ref(column)}), 0) from charges where run = r.name and ${sql.raw(condition)})`;
}

const checks: readonly Check[] = [
  check(
    () => sql`select l.counter, (select count(*) from events) as events, (select max(counter) from events) as last
      from ledger l where l.counter != (select count(*) from events)
      or l.counter != (select coalesce(max(counter), 0) from events)`,
    (v) => `the ledger counts ${v('counter')} events, its log holds ${v('events')} up to ${v('last')}`,
  ),
  check(
    (run) => sql`select counter, charged, call_limit from events where run = ${run} and charged > call_limit`,
    (v) => `at event ${v('counter')} ${v('charged')} of ${v('call_limit')} calls are charged`,
  ),
  check(
    (run) => sql`select counter, transition from events e where run = ${run}
      and (tokens > token_limit or micro_usd > micro_usd_limit)
      and not exists (select 1 from events a where a.run = e.run and a.transition = 'above-bound' and a.counter <= e.counter + 1)`,
    (v) => `at event ${v('counter')} (${v('transition')}) tokens or money are above their limit`,
  ),
  ...['charged', 'tokens', 'micro_usd', 'call_limit'].map(lastEvent),
  entrySum('calls charged', 'charged', sql`(r.open + r.settled + r.forfeited + r.recovered + r.cached)`),
  entrySum('calls charged, by slot', 'charged', charges('charged', '1 = 1')),
  entrySum('calls in flight', 'open', charges('charged', `state = 'open'`)),
  entrySum('calls settled', 'settled', charges('charged', `state = 'settled' and role = 'payer'`)),
  entrySum('calls from the cache', 'cached', charges('charged', `state = 'settled' and role = 'cached'`)),
  entrySum('calls forfeited', 'forfeited', charges('charged', `state = 'forfeited'`)),
  entrySum('calls recovered', 'recovered', charges('charged', `state = 'recovered'`)),
  entrySum('tokens', 'tokens', charges('tokens', '1 = 1')),
  entrySum(
    'money in micro-USD',
    'micro_usd',
    sql`(${charges('micro_usd', '1 = 1')} + (select coalesce(sum(micro_usd), 0) from spendings where run = r.name))`,
  ),
  check(
    (
      run,
    ) => sql`select call_id, count(*) as payers from charges where role = 'payer' and charged = 1 and call_id is not null
      and call_id in (select call_id from charges where run = ${run}) group by call_id having count(*) > 1`,
    (v) => `the call ${v('call_id')} is charged to ${v('payers')} payers`,
  ),
  check(
    (run) => sql`select c.stage, c.slot, c.state, c.call_id, coalesce(k.state, 'missing') as call_state
      from charges c left join calls k on k.call_id = c.call_id
      where c.run = ${run} and c.call_id is not null and c.state in ('open', 'settled', 'recovered', 'forfeited')
      and (k.call_id is null
        or (c.state = 'open' and k.state != 'intent')
        or (c.state in ('settled', 'recovered') and (k.state not in ('settled', 'recovered') or k.answer_text is null))
        or (c.state = 'forfeited' and k.state != 'forfeited'))`,
    (v) => `stage ${v('stage')}, slot ${v('slot')} is ${v('state')}, its call ${v('call_id')} is ${v('call_state')}`,
  ),
  check(
    (run) => sql`select c.call_id from charges c where c.run = ${run} and c.role = 'payer' and c.state = 'settled'
      and c.call_id not in (select call_id from events where transition = 'settle' and call_id is not null)`,
    (v) => `the call ${v('call_id')} is settled, and no event says so`,
  ),
  check(
    (run) => sql`select distinct e.call_id from events e left join calls k on k.call_id = e.call_id
      where e.run = ${run} and e.transition in ('settle', 'recover') and (k.call_id is null or k.answer_text is null)`,
    (v) => `an event says that the call ${v('call_id')} was answered, and its answer is missing`,
  ),
  check(
    (
      run,
    ) => sql`select k.call_id, k.session from calls k where k.run = ${run} and k.state = 'intent' and k.session like 'batch:%'
      and not exists (select 1 from batches b join batch_lines l on l.batch = b.id
        where 'batch:' || b.id = k.session and l.call_id = k.call_id and b.state != 'closed')`,
    (v) => `the call ${v('call_id')} is open, and no open batch carries it`,
  ),
  check(
    (run) => sql`select k.call_id from calls k join runs r on r.name = k.run
      where r.name = ${run} and k.state = 'intent' and r.status in ('completed', 'stopped', 'failed')`,
    (v) => `the run is over, and its call ${v('call_id')} is still open`,
  ),
  check(
    (run) => sql`select s.id, s.kind from spendings s join runs r on r.name = s.run
      where r.name = ${run} and s.state = 'open' and r.status in ('completed', 'stopped', 'failed')`,
    (v) => `the run is over, and its spending ${v('id')} (${v('kind')}) is still open`,
  ),
];
