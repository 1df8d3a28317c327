/**
 * The budget's rules (METHOD "Words", call limit; DESIGN section 4) as a pure reducer. The ledger applies one event
 * inside the transaction that makes it true; nothing else decides about money.
 */

/**
 * Counts of calls. Always `charged = open + settled + forfeited + recovered + cached` and `charged <= limit`.
 * `cached` counts answers somebody else paid for that this run counts as calls; `refused` counts charges given back.
 */
export interface BudgetState {
  /** B: example slots, fixed for a run. */
  readonly slots: number;
  /** L: calls the run may be charged. */
  readonly limit: number;
  readonly charged: number;
  readonly open: number;
  readonly settled: number;
  readonly forfeited: number;
  readonly recovered: number;
  readonly cached: number;
  readonly refused: number;
  /** Calls of the plan still to come: an unplanned call may not eat them. */
  readonly planned: number;
  /** Ambiguous ends seen by a living worker since the last answer. */
  readonly streak: number;
  /** How long a streak may be before intents are refused. */
  readonly maxForfeits: number;
}

export type BudgetEvent =
  /** Reserves one call. A planned one comes out of the plan, an unplanned one (refill, reissue) must leave it whole. */
  | { readonly type: 'intend'; readonly planned: boolean }
  /** An open call is answered; `cached` when another run or slot paid for it and this one only counts it. */
  | { readonly type: 'settle'; readonly cached: boolean }
  /** Certainly not billed: the charge is given back. `replan`: the call had come out of the plan and returns to it. */
  | { readonly type: 'refuse'; readonly replan: boolean }
  /** A reservation behind another's call ends without an answer: like `refuse`, but no endpoint refused it. */
  | { readonly type: 'release'; readonly replan: boolean }
  /** Unknown whether billed: the charge stays. */
  | { readonly type: 'forfeit'; readonly seen: boolean }
  /** Unknown whether billed, and the same call will be sent again: it stays open. */
  | { readonly type: 'doubt' }
  /** The late answer of a forfeited call: already counted. */
  | { readonly type: 'recover' }
  /** An answer that is already there fills a slot; `counted` charges it as a call. */
  | { readonly type: 'reuse'; readonly planned: boolean; readonly counted: boolean }
  /** The late answer of a call whose charge was given back: charged after all. */
  | { readonly type: 'recharge' }
  | { readonly type: 'setLimit'; readonly limit: number }
  | { readonly type: 'setPlanned'; readonly planned: number }
  /** Raises what is charged to this many calls, as forfeited ones: what another ledger knew and this one does not. */
  | { readonly type: 'adopt'; readonly charged: number }
  | { readonly type: 'forgive' };

/** `limit`: no call is left. `plan`: those left belong to the plan. `unstable`: too many ambiguous ends in a row. */
export type BudgetRefusal = 'limit' | 'plan' | 'unstable' | 'below-charged';

export type BudgetDecision =
  | { readonly accepted: true; readonly state: BudgetState }
  | { readonly accepted: false; readonly refusal: BudgetRefusal };

export function openBudget(opening: {
  readonly slots: number;
  readonly limit: number;
  readonly planned: number;
  readonly maxForfeits: number;
}): BudgetState {
  const none = { charged: 0, open: 0, settled: 0, forfeited: 0, recovered: 0, cached: 0, refused: 0, streak: 0 };
  return { ...none, ...opening };
}

/** Applies one event. Ending a call that is not open (or recovering one not forfeited) is a bug and throws RangeError. */
export function reduceBudget(state: BudgetState, event: BudgetEvent): BudgetDecision {
  switch (event.type) {
    case 'intend': {
      if (state.streak >= state.maxForfeits) return refuse('unstable');
      return charge(state, event.planned, 'open');
    }
    case 'reuse':
      return event.counted ? charge(state, event.planned, 'cached') : accept(takePlanned(state, event.planned));
    case 'settle': {
      const ended = close(state);
      return event.cached
        ? accept({ ...ended, cached: ended.cached + 1, streak: 0 })
        : accept({ ...ended, settled: ended.settled + 1, streak: 0 });
    }
    case 'refuse':
    case 'release': {
      const ended = close(state);
      return accept({
        ...ended,
        charged: ended.charged - 1,
        refused: ended.refused + (event.type === 'refuse' ? 1 : 0),
        planned: ended.planned + (event.replan ? 1 : 0),
      });
    }
    case 'forfeit': {
      const ended = close(state);
      return accept({ ...ended, forfeited: ended.forfeited + 1, streak: ended.streak + (event.seen ? 1 : 0) });
    }
    case 'doubt':
      return accept({ ...state, streak: state.streak + 1 });
    case 'recover': {
      if (state.forfeited === 0) throw new RangeError('budget: no forfeited call to recover');
      return accept({ ...state, forfeited: state.forfeited - 1, recovered: state.recovered + 1 });
    }
    case 'recharge': {
      if (state.charged + 1 > state.limit) return refuse('limit');
      return accept({ ...state, charged: state.charged + 1, recovered: state.recovered + 1 });
    }
    case 'setLimit':
      return event.limit < state.charged ? refuse('below-charged') : accept({ ...state, limit: event.limit });
    case 'setPlanned':
      return accept({ ...state, planned: Math.max(0, event.planned) });
    case 'adopt': {
      if (event.charged > state.limit) return refuse('limit');
      const missing = Math.max(0, event.charged - state.charged);
      return accept({ ...state, charged: state.charged + missing, forfeited: state.forfeited + missing });
    }
    case 'forgive':
      return accept({ ...state, streak: 0 });
    default:
      return event satisfies never;
  }
}

function charge(state: BudgetState, planned: boolean, as: 'open' | 'cached'): BudgetDecision {
  if (state.charged + 1 > state.limit) return refuse('limit');
  if (!planned && state.charged + 1 + state.planned > state.limit) return refuse('plan');
  return accept({ ...takePlanned(state, planned), charged: state.charged + 1, [as]: state[as] + 1 });
}

function takePlanned(state: BudgetState, planned: boolean): BudgetState {
  return planned && state.planned > 0 ? { ...state, planned: state.planned - 1 } : state;
}

function close(state: BudgetState): BudgetState {
  if (state.open === 0) throw new RangeError('budget: no open call to end');
  return { ...state, open: state.open - 1 };
}

function accept(state: BudgetState): BudgetDecision {
  return { accepted: true, state };
}

function refuse(refusal: BudgetRefusal): BudgetDecision {
  return { accepted: false, refusal };
}
