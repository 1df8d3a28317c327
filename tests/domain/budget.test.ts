import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBudget, reduceBudget } from '../../domain/budget.ts';
import type { BudgetEvent, BudgetState } from '../../domain/budget.ts';

const opening = { slots: 10, limit: 10, planned: 10, maxForfeits: 3 };

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

const planned: BudgetEvent = { type: 'intend', planned: true };
const unplanned: BudgetEvent = { type: 'intend', planned: false };
const settle: BudgetEvent = { type: 'settle', cached: false };

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
    expect(after(openBudget(opening), planned, { type: 'refuse', replan: true })).toEqual({
      ...openBudget(opening),
      refused: 1,
    });
    const final = after(openBudget(opening), planned, { type: 'refuse', replan: false });
    expect(final).toMatchObject({ charged: 0, planned: 9 });
    expect(refusalOf(final, unplanned)).toBeNull();
  });

  it('may be set anywhere down to what is charged', () => {
    const state = after(openBudget(opening), planned, planned);
    expect(refusalOf(state, { type: 'setLimit', limit: 1 })).toBe('below-charged');
    expect(after(state, { type: 'setLimit', limit: 2 }).limit).toBe(2);
  });
});

describe('ambiguous ends', () => {
  const seen: BudgetEvent = { type: 'forfeit', seen: true };
  const unseen: BudgetEvent = { type: 'forfeit', seen: false };

  it('stay charged, and a late answer is not charged again', () => {
    const state = after(openBudget(opening), planned, seen, { type: 'recover' });
    expect(state).toMatchObject({ charged: 1, forfeited: 0, recovered: 1 });
  });

  it('stop sending after maxForfeits in a row, until somebody forgives', () => {
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

const anyEvent: fc.Arbitrary<BudgetEvent> = fc.oneof(
  fc.record({ type: fc.constant('intend' as const), planned: fc.boolean() }),
  fc.record({ type: fc.constant('settle' as const), cached: fc.boolean() }),
  fc.record({ type: fc.constantFrom('refuse' as const, 'release' as const), replan: fc.boolean() }),
  fc.record({ type: fc.constant('forfeit' as const), seen: fc.boolean() }),
  fc.record({ type: fc.constant('recover' as const) }),
  fc.record({ type: fc.constant('reuse' as const), planned: fc.boolean(), counted: fc.boolean() }),
  fc.record({ type: fc.constant('recharge' as const) }),
  fc.record({ type: fc.constant('setLimit' as const), limit: fc.nat(30) }),
  fc.record({ type: fc.constant('setPlanned' as const), planned: fc.nat(30) }),
  fc.record({ type: fc.constant('forgive' as const) }),
);

/** Whether the event ends something that is there: a ledger never asks otherwise. */
function isPossible(state: BudgetState, event: BudgetEvent): boolean {
  if (event.type === 'recover') return state.forfeited > 0;
  const ends = event.type === 'settle' || event.type === 'refuse' || event.type === 'release';
  return ends || event.type === 'forfeit' ? state.open > 0 : true;
}

describe('under any interleaving', () => {
  it('charged is the sum of its parts, never above the limit, and nothing is negative', () => {
    const openings = fc.record({
      slots: fc.nat(20),
      limit: fc.nat(20),
      planned: fc.nat(20),
      maxForfeits: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(openings, fc.array(anyEvent, { maxLength: 80 }), (start, events) => {
        let state = openBudget(start);
        for (const event of events) {
          if (!isPossible(state, event)) {
            expect(() => reduceBudget(state, event)).toThrow(RangeError);
            continue;
          }
          const decision = reduceBudget(state, event);
          if (!decision.accepted) continue;
          const unplannedCharge = event.type === 'intend' && !event.planned;
          if (unplannedCharge) expect(decision.state.charged + state.planned).toBeLessThanOrEqual(state.limit);
          state = decision.state;
          const { open, settled, forfeited, recovered, cached } = state;
          expect(state.charged).toBe(open + settled + forfeited + recovered + cached);
          expect(state.charged).toBeLessThanOrEqual(state.limit);
          expect(Math.min(...Object.values(state))).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
