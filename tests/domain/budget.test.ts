import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBudget, reduceBudget } from '../../domain/budget/budget.ts';
import type { BudgetEvent, BudgetState } from '../../domain/budget/budget.ts';
import { costDifference } from '../../domain/budget/cost.ts';
import type { Cost } from '../../domain/budget/cost.ts';

const opening = { slots: 10, limit: 10, planned: 10, maxForfeits: 3, tokenLimit: null, microUsdLimit: null };
const worst = { tokens: 100, microUsd: 50 };
/** From the worst case to what it was. */
const change = { tokens: -60, microUsd: -30 };

/** Applies events that must all be accepted. */
function after(state: BudgetState, ...events: readonly BudgetEvent[]): BudgetState {
  return events.reduce((current, event) => {
    const decision = reduceBudget(current, event);
    if (!decision.accepted) throw new Error(`${event.type} refused: ${decision.refusal}`);
    return decision.state;
  }, state);
}

function refusalOf(state: BudgetState, event: BudgetEvent): string | null {
  const decision = reduceBudget(state, event);
  return decision.accepted ? null : decision.refusal;
}

const planned: BudgetEvent = { type: 'intend', planned: true, worst };
const unplanned: BudgetEvent = { type: 'intend', planned: false, worst };
const settle: BudgetEvent = { type: 'settle', cached: false, change };

describe('the call limit', () => {
  it('charges an intent before anything is known and keeps the charge when it settles', () => {
    const state = after(openBudget(opening), planned, planned, settle);
    expect(state).toMatchObject({ charged: 2, open: 1, settled: 1, planned: 8 });
  });

  it('refuses the call that would pass it', () => {
    const full = after(openBudget({ ...opening, limit: 2 }), planned, planned);
    expect(refusalOf(full, planned)).toBe('limit');
    expect(refusalOf(full, { type: 'reuse', planned: true, counted: true })).toBe('limit');
    expect(refusalOf(full, { type: 'reuse', planned: true, counted: false })).toBeNull();
  });

  it('leaves the plan its calls: a refill or reissue needs one beyond them', () => {
    const state = openBudget({ ...opening, limit: 11 });
    expect(refusalOf(openBudget(opening), unplanned)).toBe('plan');
    expect(refusalOf(after(state, unplanned), unplanned)).toBe('plan');
    expect(after(state, unplanned)).toMatchObject({ charged: 1, planned: 10 });
  });

  it('gives a refused call back, and its place in the plan unless the refusal was final', () => {
    expect(after(openBudget(opening), planned, { type: 'refuse', replan: true, back: worst })).toEqual({
      ...openBudget(opening),
      refused: 1,
    });
    const final = after(openBudget(opening), planned, { type: 'refuse', replan: false, back: worst });
    expect(final).toMatchObject({ charged: 0, planned: 9 });
    expect(refusalOf(final, unplanned)).toBeNull();
  });

  it('may be set anywhere down to what is charged', () => {
    const state = after(openBudget(opening), planned, planned);
    expect(refusalOf(state, { type: 'setLimits', limits: { calls: 1 } })).toBe('below-charged');
    expect(after(state, { type: 'setLimits', limits: { calls: 2 } }).limit).toBe(2);
  });
});

describe('ambiguous ends', () => {
  const seen: BudgetEvent = { type: 'forfeit', seen: true };
  const unseen: BudgetEvent = { type: 'forfeit', seen: false };

  it('stay charged, and a late answer is not charged again', () => {
    const state = after(openBudget(opening), planned, seen, { type: 'recover', change });
    expect(state).toMatchObject({ charged: 1, forfeited: 0, recovered: 1 });
  });

  it('stop sending after maxForfeits in a row, until it is resumed', () => {
    const state = after(openBudget(opening), planned, seen, planned, seen, planned, seen);
    expect(refusalOf(state, planned)).toBe('unstable');
    expect(refusalOf(after(state, { type: 'forgive' }), planned)).toBeNull();
  });

  it('start from nothing after an answer, and do not count those of lost workers', () => {
    const answered = after(openBudget(opening), planned, seen, planned, seen, planned, settle, planned, seen);
    expect(refusalOf(answered, planned)).toBeNull();
    const lost = after(openBudget(opening), planned, unseen, planned, unseen, planned, unseen, planned, unseen);
    expect(refusalOf(lost, planned)).toBeNull();
  });
});

describe('tokens and money', () => {
  const limited = openBudget({ ...opening, tokenLimit: 250, microUsdLimit: 120 });

  it('are charged in their worst case before, and as they were after', () => {
    expect(after(limited, planned)).toMatchObject({ tokens: 100, microUsd: 50 });
    expect(after(limited, planned, settle)).toMatchObject({ tokens: 40, microUsd: 20 });
    expect(after(limited, planned, { type: 'refuse', replan: true, back: worst })).toMatchObject({
      tokens: 0,
      microUsd: 0,
    });
    expect(after(limited, planned, { type: 'forfeit', seen: true })).toMatchObject({ tokens: 100, microUsd: 50 });
  });

  it('refuse the call whose worst case would pass a limit, and take it when others cost less than theirs', () => {
    expect(refusalOf(after(limited, planned, planned), planned)).toBe('tokens');
    expect(refusalOf(after({ ...limited, tokenLimit: null }, planned, planned), planned)).toBe('money');
    expect(refusalOf(after(limited, planned, planned, settle), planned)).toBeNull();
    expect(refusalOf(after(limited, planned, planned), { type: 'reuse', planned: true, counted: true })).toBeNull();
  });

  it('are charged in full where an answer costs more than its worst case, and nothing dearer starts after it', () => {
    const above = after(limited, planned, { type: 'settle', cached: false, change: { tokens: 400, microUsd: 0 } });
    expect(above.tokens).toBe(500);
    expect(refusalOf(above, planned)).toBe('tokens');
    expect(refusalOf(above, { type: 'setLimits', limits: { tokens: 499 } })).toBe('below-charged');
    expect(after(above, { type: 'setLimits', limits: { tokens: 600 } }, planned).tokens).toBe(600);
  });

  it('have no sum that JavaScript cannot count, limited or not', () => {
    const most: BudgetEvent = {
      type: 'intend',
      planned: true,
      worst: { tokens: Number.MAX_SAFE_INTEGER, microUsd: 1 },
    };
    expect(refusalOf(openBudget(opening), most)).toBe('tokens');
    expect(refusalOf(openBudget(opening), { type: 'spend', microUsd: 1e300 })).toBe('money');
    expect(refusalOf(openBudget(opening), { type: 'adopt', calls: 0, tokens: 2 ** 53, microUsd: 0 })).toBe('tokens');
  });

  it('are limited together or not at all', () => {
    const state = after(limited, planned);
    const limits = { calls: 20, tokens: 10, microUsd: 500 };
    expect(refusalOf(state, { type: 'setLimits', limits })).toBe('below-charged');
    expect(after(state, { type: 'setLimits', limits: { microUsd: null } })).toMatchObject({
      microUsdLimit: null,
      tokenLimit: 250,
    });
  });

  it('share the limit in money with what is spent on the student', () => {
    const spent = after(limited, { type: 'spend', microUsd: 100 });
    expect(refusalOf(spent, planned)).toBe('money');
    expect(refusalOf(spent, { type: 'spend', microUsd: 21 })).toBe('money');
    expect(after(spent, { type: 'spent', microUsdChange: -90 }, planned)).toMatchObject({ microUsd: 60, charged: 1 });
  });

  it('of another ledger are adopted, never above a limit', () => {
    const adopted = after(limited, planned, { type: 'adopt', calls: 4, tokens: 200, microUsd: 20 });
    expect(adopted).toMatchObject({ charged: 4, open: 1, forfeited: 3, tokens: 200, microUsd: 50 });
    expect(refusalOf(limited, { type: 'adopt', calls: 11, tokens: 0, microUsd: 0 })).toBe('limit');
  });
});

const cost = fc.record({ tokens: fc.nat(40), microUsd: fc.nat(40) });
/** What becomes of the oldest open call; `part` of its worst case is what it cost. */
const anyStep = fc.oneof(
  fc.record({ type: fc.constant('intend' as const), planned: fc.boolean(), worst: cost }),
  fc.record({ type: fc.constant('settle' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ type: fc.constant('refuse' as const), replan: fc.boolean() }),
  fc.record({ type: fc.constant('forfeit' as const), seen: fc.boolean() }),
  fc.record({ type: fc.constant('recover' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ type: fc.constant('reuse' as const), planned: fc.boolean(), counted: fc.boolean() }),
  fc.record({ type: fc.constant('recharge' as const), cost }),
  fc.record({ type: fc.constant('spend' as const), microUsd: fc.nat(40) }),
  fc.record({
    type: fc.constant('setLimits' as const),
    limits: fc.record(
      { calls: fc.nat(30), tokens: fc.option(fc.nat(300)), microUsd: fc.option(fc.nat(300)) },
      { requiredKeys: [] },
    ),
  }),
  fc.record({ type: fc.constant('setPlanned' as const), planned: fc.nat(30) }),
  fc.record({ type: fc.constant('adopt' as const), calls: fc.nat(25), tokens: fc.nat(300), microUsd: fc.nat(300) }),
  fc.record({ type: fc.constant('forgive' as const) }),
);
type AnyStep = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** A book kept beside the budget: what each call owes. */
class Book {
  open: Cost[] = [];
  forfeited: Cost[] = [];
  total = { tokens: 0, microUsd: 0 };

  /** The event of a step and what it does to the book; undefined for an end of what is not there. */
  read(step: AnyStep): { event: BudgetEvent; enter: () => void } | undefined {
    if (step.type === 'intend') return { event: step, enter: () => this.begin(step.worst) };
    if (step.type === 'recharge') return { event: step, enter: () => this.add(step.cost) };
    if (step.type === 'spend') {
      return { event: step, enter: () => this.add({ tokens: 0, microUsd: step.microUsd }) };
    }
    if (step.type === 'adopt') {
      const { tokens, microUsd } = step;
      const raise = (): void => {
        this.total = { tokens: Math.max(tokens, this.total.tokens), microUsd: Math.max(microUsd, this.total.microUsd) };
      };
      return { event: step, enter: raise };
    }
    if (step.type === 'settle' || step.type === 'refuse' || step.type === 'forfeit' || step.type === 'recover') {
      return this.end(step);
    }
    return { event: step, enter: () => undefined };
  }

  end(
    step: Extract<AnyStep, { type: 'settle' | 'refuse' | 'forfeit' | 'recover' }>,
  ): { event: BudgetEvent; enter: () => void } | undefined {
    const from = step.type === 'recover' ? this.forfeited : this.open;
    const [owed] = from;
    if (owed === undefined) return undefined;
    const part = 'part' in step ? step.part : 0;
    const actual = { tokens: Math.round(owed.tokens * part), microUsd: Math.round(owed.microUsd * part) };
    const less = costDifference(actual, owed);
    if (step.type === 'forfeit') {
      return { event: step, enter: () => void this.forfeited.push(...this.open.splice(0, 1)) };
    }
    const enter = (): void => {
      from.splice(0, 1);
      this.add(less);
    };
    if (step.type === 'refuse') return { event: { ...step, back: owed }, enter };
    const event =
      step.type === 'settle' ? { type: step.type, cached: false, change: less } : { type: step.type, change: less };
    return { event, enter };
  }

  begin(worstCase: Cost): void {
    this.open.push(worstCase);
    this.add(worstCase);
  }

  add({ tokens, microUsd }: Cost): void {
    this.total = { tokens: this.total.tokens + tokens, microUsd: this.total.microUsd + microUsd };
  }
}

describe('under any interleaving', () => {
  it('charged is the sum of its parts in every currency, never above a limit, and nothing is negative', () => {
    const openings = fc.record({
      slots: fc.nat(20),
      limit: fc.nat(20),
      planned: fc.nat(20),
      maxForfeits: fc.integer({ min: 1, max: 5 }),
      tokenLimit: fc.option(fc.nat(300)),
      microUsdLimit: fc.option(fc.nat(300)),
    });
    fc.assert(
      fc.property(openings, fc.array(anyStep, { maxLength: 80 }), (start, steps) => {
        let state = openBudget(start);
        const book = new Book();
        for (const step of steps) {
          const read = book.read(step);
          if (read === undefined) continue;
          const decision = reduceBudget(state, read.event);
          if (!decision.accepted) continue;
          read.enter();
          if (step.type === 'intend' && !step.planned) {
            expect(decision.state.charged + decision.state.planned).toBeLessThanOrEqual(decision.state.limit);
          }
          state = decision.state;
          const { open, settled, forfeited, recovered, cached, tokens, microUsd, ...rest } = state;
          expect(state.charged).toBe(open + settled + forfeited + recovered + cached);
          expect(state.charged).toBeLessThanOrEqual(state.limit);
          expect({ tokens, microUsd }).toEqual(book.total);
          if (rest.tokenLimit !== null) expect(tokens).toBeLessThanOrEqual(rest.tokenLimit);
          if (rest.microUsdLimit !== null) expect(microUsd).toBeLessThanOrEqual(rest.microUsdLimit);
          expect(Math.min(...Object.values(state).map((value) => value ?? 0))).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses to end what is not there', () => {
    const state = openBudget(opening);
    const ends: BudgetEvent[] = [settle, { type: 'forfeit', seen: true }, { type: 'release', replan: false }];
    for (const event of [...ends, { type: 'recover', change } as const]) {
      expect(() => reduceBudget(state, event)).toThrow(RangeError);
    }
  });
});
