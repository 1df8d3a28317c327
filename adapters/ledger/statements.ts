/** Every query of the ledger's hot path, compiled once. Names say what they return or change. */
import { sql } from 'kysely';
import type { Kysely, Selectable } from 'kysely';
import { prepare } from './prepared.ts';
import type { CallsTable, ChargesTable, EventsTable, RunsTable, Schema } from './schema/schema.ts';

export type SlotKey = Pick<ChargesTable, 'run' | 'stage' | 'round' | 'slot'>;
export type ChargeRow = Selectable<ChargesTable>;
export type RunRow = Selectable<RunsTable>;
/** A call without its answer. */
export type CallRow = Omit<
  Selectable<CallsTable>,
  | 'answer_text'
  | 'finish_reason'
  | 'input_tokens'
  | 'cached_input_tokens'
  | 'output_tokens'
  | 'latency_ms'
  | 'micro_usd'
  | 'unusable'
>;
export type BudgetColumns = Omit<
  RunRow,
  'spec' | 'status' | 'result' | 'opened_at' | 'slots' | 'max_forfeits' | 'excess_tokens' | 'excess_micro_usd'
>;

const callColumns = [
  'call_id',
  'content_key',
  'reissue',
  'state',
  'run',
  'session',
  'intended_at',
  'sends',
  'reason',
] as const;

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(database: Kysely<Schema>) {
  return {
    chargesOfSlot: prepare<SlotKey>()((p) =>
      database
        .selectFrom('charges')
        .selectAll()
        .where('run', '=', p('run'))
        .where('stage', '=', p('stage'))
        .where('round', '=', p('round'))
        .where('slot', '=', p('slot'))
        .orderBy('attempt'),
    ),
    chargesOfCall: prepare<{ call_id: string }>()((p) =>
      database.selectFrom('charges').selectAll().where('call_id', '=', p('call_id')),
    ),
    insertCharge: prepare<ChargeRow>()((p) =>
      database.insertInto('charges').values({
        run: p('run'),
        stage: p('stage'),
        round: p('round'),
        slot: p('slot'),
        attempt: p('attempt'),
        call_id: p('call_id'),
        domain: p('domain'),
        kind: p('kind'),
        role: p('role'),
        state: p('state'),
        reason: p('reason'),
        final: p('final'),
        from_plan: p('from_plan'),
        charged: p('charged'),
        tokens: p('tokens'),
        micro_usd: p('micro_usd'),
        worst_tokens: p('worst_tokens'),
        worst_micro_usd: p('worst_micro_usd'),
      }),
    ),
    updateCharge: prepare<ChargeRow>()((p) =>
      database
        .updateTable('charges')
        .set({
          call_id: p('call_id'),
          role: p('role'),
          state: p('state'),
          reason: p('reason'),
          final: p('final'),
          from_plan: p('from_plan'),
          charged: p('charged'),
          tokens: p('tokens'),
          micro_usd: p('micro_usd'),
          worst_tokens: p('worst_tokens'),
          worst_micro_usd: p('worst_micro_usd'),
        })
        .where('run', '=', p('run'))
        .where('stage', '=', p('stage'))
        .where('round', '=', p('round'))
        .where('slot', '=', p('slot'))
        .where('attempt', '=', p('attempt')),
    ),
    callsOfContent: prepare<{ content_key: string }>()((p) =>
      database.selectFrom('calls').select(callColumns).where('content_key', '=', p('content_key')).orderBy('reissue'),
    ),
    call: prepare<{ call_id: string }>()((p) =>
      database.selectFrom('calls').select(callColumns).where('call_id', '=', p('call_id')),
    ),
    /** Open calls the run pays or follows. The literal lets the planner use the partial index `calls_open`. */
    openCallsOfRun: prepare<{ run: string }>()((p) =>
      database
        .selectFrom('calls')
        .select(callColumns)
        .where('state', '=', sql.lit('intent'))
        .where((expression) =>
          expression.exists(
            expression
              .selectFrom('charges')
              .select('charges.slot')
              .whereRef('charges.call_id', '=', 'calls.call_id')
              .where('charges.run', '=', p('run'))
              .where('charges.state', '=', 'open'),
          ),
        ),
    ),
    insertCall: prepare<CallRow>()((p) =>
      database.insertInto('calls').values({
        call_id: p('call_id'),
        content_key: p('content_key'),
        reissue: p('reissue'),
        state: p('state'),
        run: p('run'),
        session: p('session'),
        intended_at: p('intended_at'),
        sends: p('sends'),
        reason: p('reason'),
      }),
    ),
    /** Compare-and-set: changes nothing, and returns nothing, where the call is no longer in state `from`. */
    moveCall: prepare<CallRow & { from: CallRow['state'] }>()((p) =>
      database
        .updateTable('calls')
        .set({
          state: p('state'),
          run: p('run'),
          session: p('session'),
          intended_at: p('intended_at'),
          sends: p('sends'),
          reason: p('reason'),
        })
        .where('call_id', '=', p('call_id'))
        .where('state', '=', p('from'))
        .returning('call_id'),
    ),
    storeAnswer: prepare<{
      call_id: string;
      answer_text: string;
      finish_reason: string;
      input_tokens: number | null;
      cached_input_tokens: number | null;
      output_tokens: number | null;
      latency_ms: number | null;
      micro_usd: number | null;
    }>()((p) =>
      database
        .updateTable('calls')
        .set({
          answer_text: p('answer_text'),
          finish_reason: p('finish_reason'),
          input_tokens: p('input_tokens'),
          cached_input_tokens: p('cached_input_tokens'),
          output_tokens: p('output_tokens'),
          latency_ms: p('latency_ms'),
          micro_usd: p('micro_usd'),
        })
        .where('call_id', '=', p('call_id')),
    ),
    runRow: prepare<{ name: string }>()((p) => database.selectFrom('runs').selectAll().where('name', '=', p('name'))),
    updateBudget: prepare<BudgetColumns>()((p) =>
      database
        .updateTable('runs')
        .set({
          call_limit: p('call_limit'),
          charged: p('charged'),
          open: p('open'),
          settled: p('settled'),
          forfeited: p('forfeited'),
          recovered: p('recovered'),
          cached: p('cached'),
          refused: p('refused'),
          planned: p('planned'),
          streak: p('streak'),
          tokens: p('tokens'),
          token_limit: p('token_limit'),
          micro_usd: p('micro_usd'),
          micro_usd_limit: p('micro_usd_limit'),
        })
        .where('name', '=', p('name')),
    ),
    insertEvent: prepare<EventsTable>()((p) =>
      database.insertInto('events').values({
        counter: p('counter'),
        at: p('at'),
        run: p('run'),
        call_id: p('call_id'),
        transition: p('transition'),
        charged: p('charged'),
        call_limit: p('call_limit'),
        tokens: p('tokens'),
        token_limit: p('token_limit'),
        micro_usd: p('micro_usd'),
        micro_usd_limit: p('micro_usd_limit'),
      }),
    ),
    ledgerRow: prepare<object>()(() => database.selectFrom('ledger').selectAll()),
    updateCounter: prepare<{ counter: number }>()((p) => database.updateTable('ledger').set({ counter: p('counter') })),
    session: prepare<{ id: string }>()((p) => database.selectFrom('sessions').selectAll().where('id', '=', p('id'))),
  };
}
