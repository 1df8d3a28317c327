/** Random stories of two writers, played on the real ledger and on its reference model: both have to agree. */
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { IntentOutcome, Ledger } from '../../activities/ports/ledger.ts';
import { ReferenceModel } from './reference-model.ts';
import { answer, freshPath, openFor, openRun, requestFor, violations } from './support.ts';

const writer = fc.nat(1);
const run = fc.nat(1);
/** Which call, counted from the latest: those are the most interesting. */
const pick = fc.nat(3);
const command = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('intend' as const),
      writer,
      run,
      slot: fc.nat(5),
      planned: fc.nat(3).map((dice) => dice > 0),
      cached: fc.constantFrom('count' as const, 'free' as const),
      idempotent: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('settle' as const),
      writer,
      pick,
      // Less than the worst case, equal to it, or more: later calls then reserve more.
      tokens: fc.constantFrom(29, 29, 100, 120),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('refuse' as const), writer, pick, final: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('forfeit' as const), writer, pick, seen: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('setLimit' as const),
      writer,
      run,
      calls: fc.integer({ min: 2, max: 9 }),
      tokens: fc.option(fc.integer({ min: 100, max: 900 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('setPlanned' as const), writer, run, calls: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forgive' as const), writer, run }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('silence' as const), writer }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('revive' as const), writer }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Sessions of the writers, so that one can be silenced: it appears dead to others and does not notice. */
class Sessions {
  readonly #path: string;
  #rows: Record<string, string | number>[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  remember(writerIndex: number): void {
    const known = this.#rows.map((row) => row['id']);
    const rows = this.#query((database) => database.prepare('select * from sessions').all());
    const fresh = rows.find((row) => !known.includes(String(row['id'])));
    this.#rows[writerIndex] = Object.fromEntries(
      Object.entries(fresh ?? {}).map(([name, value]) => [name, typeof value === 'number' ? value : String(value)]),
    );
  }

  silence(writerIndex: number): void {
    const id = this.#rows[writerIndex]?.['id'] ?? '';
    this.#query((database) => database.prepare('delete from sessions where id = ?').run(id));
  }

  revive(writerIndex: number): void {
    const row = this.#rows[writerIndex] ?? {};
    const values = [row['id'] ?? '', row['host'] ?? '', row['pid'] ?? 0, row['started'] ?? '', Date.now()];
    this.#query((database) =>
      database.prepare('insert or replace into sessions values (?, ?, ?, ?, ?)').run(...values),
    );
  }

  #query<T>(use: (database: DatabaseSync) => T): T {
    const database = new DatabaseSync(this.#path, { timeout: 5000 });
    try {
      return use(database);
    } finally {
      database.close();
    }
  }
}

let serial = 0;

async function play(
  path: string,
  ledgers: readonly Ledger[],
  sessions: Sessions,
  commands: readonly Command[],
): Promise<void> {
  // An earlier story may have failed in the middle, with a writer silenced.
  for (const index of [0, 1]) sessions.revive(index);
  serial += 1;
  const names = [`a${serial}`, `b${serial}`];
  const model = new ReferenceModel();
  const nameOf = (index: number): string => names[index] ?? '';
  const ledgerOf = (index: number): Ledger => ledgers[index] ?? expect.fail('no such writer');
  for (const name of names) {
    await openRun(ledgerOf(0), name, { calls: 4, planned: 3, maxForfeits: 3, tokens: 350 });
    model.runs.set(name, { limit: 4, planned: 3, streak: 0, tokenLimit: 350, excess: 0 });
  }
  const someCall = (index: number): string | undefined =>
    [...model.calls.keys()].at(-1 - (index % Math.max(1, model.calls.size)));
  for (const each of commands) {
    const ledger = ledgerOf(each.writer);
    if (each.type === 'intend') {
      const request = requestFor(nameOf(each.run), each.slot, {
        // Runs share contents, and slots 0 and 5 of a run are exact repeats.
        contentKey: `${serial}-${each.slot % 5}`,
        planned: each.planned,
        cached: each.cached,
        idempotencyTtl: each.idempotent ? 3600 : null,
      });
      const outcome = await ledger.intend(request);
      const expected: IntentOutcome = model.intend(each.writer, request);
      // At a limit, any of several calls in flight may be the one to wait for.
      expect(outcome.kind === 'wait' ? { kind: 'wait' } : outcome).toEqual(
        expected.kind === 'wait' ? { kind: 'wait' } : expected,
      );
    } else if (each.type === 'silence' || each.type === 'revive') {
      sessions[each.type](each.writer);
      if (each.type === 'silence') model.silent.add(each.writer);
      else model.silent.delete(each.writer);
    } else if (each.type === 'setLimit') {
      const state = model.runs.get(nameOf(each.run));
      const { calls, tokens } = each;
      const accepted =
        calls >= model.charged(nameOf(each.run)) && (tokens === null || tokens >= model.tokens(nameOf(each.run)));
      if (accepted && state !== undefined) Object.assign(state, { limit: calls, tokenLimit: tokens });
      expect((await ledger.setLimits({ run: nameOf(each.run), limits: { calls, tokens } })).accepted).toBe(accepted);
    } else if (each.type === 'setPlanned' || each.type === 'forgive') {
      const state = model.runs.get(nameOf(each.run)) ?? expect.fail('no such run');
      if (each.type === 'forgive') state.streak = 0;
      else state.planned = each.calls;
      if (each.type === 'forgive') await ledger.forgiveForfeits({ run: nameOf(each.run) });
      else await ledger.setPlanned({ run: nameOf(each.run), calls: each.calls });
    } else {
      const callId = someCall(each.pick);
      if (callId === undefined) continue;
      if (each.type === 'settle') {
        const { tokens } = each;
        expect(await ledger.settle({ callId, answer, cost: { tokens, microUsd: 13 } })).toBe(
          model.settle(callId, tokens),
        );
      }
      if (each.type === 'refuse') {
        await ledger.refuse({ callId, reason: 'rate_limited', final: each.final });
        model.refuse(each.writer, callId, each.final);
      }
      if (each.type === 'forfeit') {
        await ledger.forfeit({ callId, reason: 'timeout', seen: each.seen });
        model.forfeit(each.writer, callId, each.seen);
      }
    }
    for (const name of names) {
      const { charged, tokens } = await ledger.budget({ run: name });
      expect([charged, tokens.charged]).toEqual([model.charged(name), model.tokens(name)]);
    }
  }
  expect(violations(path)).toEqual([]);
}

/**
 * Plays `numRuns` random stories. The error names the seed and a short story on which ledger and model differ, as short
 * as `withinMs` from the start allows: on a slow disk the search for the shortest takes minutes.
 */
export async function playStories(numRuns: number, withinMs = 3_000_000): Promise<void> {
  const path = freshPath();
  const sessions = new Sessions(path);
  const ledgers: Ledger[] = [];
  for (const index of [0, 1]) {
    ledgers.push(await openFor(path));
    sessions.remember(index);
  }
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 30, maxLength: 70 }), (commands) =>
      play(path, ledgers, sessions, commands),
    ),
    { numRuns, interruptAfterTimeLimit: withinMs, markInterruptAsFailure: true },
  );
}
