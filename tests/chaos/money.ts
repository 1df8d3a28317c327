/**
 * Billed <= charged <= limit at every ledger event. The teacher writes down when it received and billed a call, under
 * the call's id; the ledger writes down when it charged what. Both clocks are this machine's.
 */
import { queryLedger } from '../ledger/ledger-file.ts';
import type { Entry } from './meter.ts';

/** Transitions that put a call on its way. */
const departures = new Set(['intend', 'reissue', 'follow', 'send-again']);

interface LedgerEvent {
  readonly at: number;
  readonly run: string;
  readonly callId: string | null;
  readonly transition: string;
  readonly charged: number;
  readonly limit: number;
}

export function moneyViolations(path: string, entries: readonly Entry[], idempotent: boolean): string[] {
  const events = queryLedger(
    path,
    'select at, run, call_id, transition, charged, call_limit from events order by counter',
  ).map((row): LedgerEvent => ({
    at: Number(row['at']),
    run: String(row['run']),
    callId: typeof row['call_id'] === 'string' ? row['call_id'] : null,
    transition: String(row['transition']),
    charged: Number(row['charged']),
    limit: Number(row['call_limit']),
  }));
  return [
    ...overTime(events, entries),
    ...departuresBeforeRequests(events, entries),
    ...callByCall(path, entries, idempotent),
    ...paidTwice(path, entries),
  ];
}

/** The sum of the runs of the ledger: one that shares an answer with another is charged for it as well. */
function overTime(events: readonly LedgerEvent[], entries: readonly Entry[]): string[] {
  const bills = entries.filter(({ kind }) => kind === 'bill').map(({ at }) => at);
  const charged = new Map<string, number>();
  let billed = 0;
  const found: string[] = [];
  for (const [index, event] of events.entries()) {
    if (event.charged > event.limit) found.push(`event ${index + 1}: ${event.charged} charged above ${event.limit}`);
    while (billed < bills.length && (bills[billed] ?? Infinity) < event.at) billed += 1;
    charged.set(event.run, event.charged);
    const sum = [...charged.values()].reduce((a, b) => a + b, 0);
    if (billed > sum) found.push(`event ${index + 1} (${event.transition}): ${billed} billed, ${sum} charged`);
  }
  const sum = [...charged.values()].reduce((a, b) => a + b, 0);
  if (bills.length > sum) found.push(`in the end ${bills.length} billed, ${sum} charged`);
  return found.slice(0, 5);
}

function departuresBeforeRequests(events: readonly LedgerEvent[], entries: readonly Entry[]): string[] {
  const times = new Map<string, number[]>();
  for (const { callId, transition, at } of events) {
    if (callId === null || !departures.has(transition)) continue;
    times.set(callId, [...(times.get(callId) ?? []), at]);
  }
  const arrived = new Map<string, number>();
  let bare = 0;
  for (const { kind, at, key } of entries) {
    if (kind !== 'request') continue;
    const nth = (arrived.get(key) ?? 0) + 1;
    arrived.set(key, nth);
    // The nth request of a call needs n departures committed before it.
    if ((times.get(key) ?? []).filter((left) => left <= at).length < nth) bare += 1;
  }
  return bare === 0 ? [] : [`${bare} requests reached the teacher without an intent in the ledger`];
}

/** Every bill belongs to one charge that stayed; at an idempotent endpoint, to one answer that is there. */
function callByCall(path: string, entries: readonly Entry[], idempotent: boolean): string[] {
  const bills = new Map<string, number>();
  for (const { kind, key } of entries) if (kind === 'bill') bills.set(key, (bills.get(key) ?? 0) + 1);
  const calls = queryLedger(
    path,
    `select calls.call_id, calls.state, answer_text is not null as answered,
       (select count(*) from charges where charges.call_id = calls.call_id and role = 'payer' and charged = 1) as paid
     from calls`,
  );
  const known = new Map(calls.map((row) => [String(row['call_id']), row]));
  const found: string[] = [];
  for (const [key, times] of bills) {
    const call = known.get(key);
    if (call === undefined) found.push(`a bill for ${key.slice(0, 12)}, which the ledger does not know`);
    else if (times > Number(call['paid']))
      found.push(`${times} bills for ${key.slice(0, 12)}, ${String(call['paid'])} charges stay`);
  }
  const empty = calls.filter(({ state, answered }) => (state === 'settled' || state === 'recovered') && answered !== 1);
  if (empty.length > 0) found.push(`${empty.length} settled calls without their answer`);
  const settled = calls.filter(({ state }) => state === 'settled' || state === 'recovered');
  const unpaid = settled.filter((row) => !bills.has(String(row['call_id'])));
  if (unpaid.length > 0) found.push(`${unpaid.length} answers that were not billed`);
  if (idempotent && bills.size !== settled.length)
    found.push(`${bills.size} distinct calls billed, ${settled.length} settled, at an idempotent endpoint`);
  return found.slice(0, 8);
}

/** The same question is paid again only where a call with it was lost, whichever run asks. */
function paidTwice(path: string, entries: readonly Entry[]): string[] {
  const lost = new Set(
    queryLedger(path, "select call_id from calls where state in ('forfeited', 'recovered')").map((row) =>
      String(row['call_id']),
    ),
  );
  const questions = Map.groupBy(
    entries.filter(({ kind }) => kind === 'bill'),
    ({ content }) => content,
  );
  const twice = [...questions.values()].filter((bills) => bills.filter(({ key }) => !lost.has(key)).length > 1);
  return twice.length === 0 ? [] : [`${twice.length} questions were paid again although their answer was there`];
}
