/**
 * The budget's rules as a pure reducer, in three currencies: teacher
 * calls, always limited; tokens of the teacher and money, limited where a limit is set. The ledger applies one event
 * inside the transaction that makes it true; nothing else decides about money.
 */
import { noCost } from './cost.ts';
import type { Cost } from './cost.ts';

/**
 * Counts of calls. Always `charged = open + settled + forfeited + recovered + cached` and `charged <= limit`.
 * `cached` counts answers another process paid for that this run counts as calls; `refused` counts charges given back.
 * Tokens and money are charged in their worst case with an intent and in their actual amount after settlement; they
 * pass their limit only where an endpoint reports more than the worst case. An answer from the cache costs neither.
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
  readonly tokens: number;
  readonly tokenLimit: number | null;
  readonly microUsd: number;
  readonly microUsdLimit: number | null;
}

export type BudgetEvent =
  /** Reserves one call. A planned one comes out of the plan, an unplanned one (refill, reissue) must leave it whole. */
  | { readonly type: 'intend'; readonly planned: boolean; readonly worst: Cost }
  /** An open call is answered; `cached` when another run or slot paid for it and this one only counts it. */
  | { readonly type: 'settle'; readonly cached: boolean; readonly change: Cost }
  /** Certainly not billed: the charge is given back. `replan`: the call had come out of the plan and returns to it. */
  | { readonly type: 'refuse'; readonly replan: boolean; readonly back: Cost }
  /** A reservation behind another's call ends without an answer: like `refuse`, but no endpoint refused it. */
  | { readonly type: 'release'; readonly replan: boolean }
  /** Unknown whether billed: the charge stays, in its worst case. */
  | { readonly type: 'forfeit'; readonly seen: boolean }
  /** Unknown whether billed, and the same call will be resent: it stays open. */
  | { readonly type: 'doubt' }
  /** The late answer of a forfeited call: already counted. */
  | { readonly type: 'recover'; readonly change: Cost }
  /** An answer that is already there fills a slot; `counted` charges it as a call. */
  | { readonly type: 'reuse'; readonly planned: boolean; readonly counted: boolean }
  /** The late answer of a call whose charge was given back: charged after all. */
  | { readonly type: 'recharge'; readonly cost: Cost }
  /** Reserves money for something that is no teacher call: fine-tuning or a student's answer. */
  | { readonly type: 'spend'; readonly microUsd: number }
  /** Such spending has ended: what it cost less what was reserved. */
  | { readonly type: 'spent'; readonly microUsdChange: number }
  /** New limits of any currency; null lifts one, undefined leaves it. All of them or none. */
  | { readonly type: 'setLimits'; readonly limits: Limits }
  | { readonly type: 'setPlanned'; readonly planned: number }
  /** Raises what is charged to these amounts, the calls as forfeited ones: what another ledger knew and this one does not. */
  | { readonly type: 'adopt'; readonly calls: number; readonly tokens: number; readonly microUsd: number }
  | { readonly type: 'forgive' };

export interface Limits {
  readonly calls?: number | undefined;
  readonly tokens?: number | null | undefined;
  readonly microUsd?: number | null | undefined;
}

/**
 * `limit`, `tokens`, `money`: none are left for this. `plan`: the calls left belong to the plan. `unstable`: too many
 * ambiguous ends in a row. `below-charged`: a limit may not be below what is charged.
 */
export type BudgetRefusal = 'limit' | 'tokens' | 'money' | 'plan' | 'unstable' | 'below-charged';

export type BudgetDecision =
  | { readonly accepted: true; readonly state: BudgetState }
  | { readonly accepted: false; readonly refusal: BudgetRefusal };

export interface BudgetOpening {
  readonly slots: number;
  readonly limit: number;
  readonly planned: number;
  readonly maxForfeits: number;
  readonly tokenLimit: number | null;
  readonly microUsdLimit: number | null;
}

export function openBudget(opening: BudgetOpening): BudgetState {
  const calls = { charged: 0, open: 0, settled: 0, forfeited: 0, recovered: 0, cached: 0, refused: 0, streak: 0 };
  return { ...calls, tokens: 0, microUsd: 0, ...opening };
}

/** Applies one event. Ending a call that is not open (or recovering one not forfeited) is a bug and throws RangeError. */
export function reduceBudget(state: BudgetState, event: BudgetEvent): BudgetDecision {
  switch (event.type) {
    case 'intend': {
      if (state.streak >= state.maxForfeits) return refuse('unstable');
      return charge(state, event.planned, 'open', event.worst);
    }
    case 'reuse':
      return event.counted ? charge(state, event.planned, 'cached', noCost) : accept(takePlanned(state, event.planned));
    case 'settle': {
      const ended = { ...changed(close(state), event.change), streak: 0 };
      return event.cached
        ? accept({ ...ended, cached: ended.cached + 1 })
        : accept({ ...ended, settled: ended.settled + 1 });
    }
    case 'refuse': {
      const back = { tokens: -event.back.tokens, microUsd: -event.back.microUsd };
      const ended = changed(close(state), back);
      return accept({ ...uncharged(ended, event.replan), refused: ended.refused + 1 });
    }
    case 'release':
      return accept(uncharged(close(state), event.replan));
    case 'forfeit': {
      const ended = close(state);
      return accept({ ...ended, forfeited: ended.forfeited + 1, streak: ended.streak + (event.seen ? 1 : 0) });
    }
    case 'doubt':
      return accept({ ...state, streak: state.streak + 1 });
    case 'recover': {
      if (state.forfeited === 0) throw new RangeError('budget: no forfeited call to recover');
      const late = changed(state, event.change);
      return accept({ ...late, forfeited: late.forfeited - 1, recovered: late.recovered + 1 });
    }
    case 'recharge': {
      const full = noRoom(state, 1, event.cost);
      if (full !== undefined) return refuse(full);
      const late = changed(state, event.cost);
      return accept({ ...late, charged: late.charged + 1, recovered: late.recovered + 1 });
    }
    case 'spend': {
      const cost = { tokens: 0, microUsd: event.microUsd };
      return noRoom(state, 0, cost) === undefined ? accept(changed(state, cost)) : refuse('money');
    }
    case 'spent':
      return accept(changed(state, { tokens: 0, microUsd: event.microUsdChange }));
    case 'setLimits':
      return setLimits(state, event.limits);
    case 'setPlanned':
      return accept({ ...state, planned: Math.max(0, event.planned) });
    case 'adopt':
      return adopt(state, event);
    case 'forgive':
      return accept({ ...state, streak: 0 });
    default:
      return event satisfies never;
  }
}

function charge(state: BudgetState, planned: boolean, as: 'open' | 'cached', worst: Cost): BudgetDecision {
  const full = noRoom(state, 1, worst);
  if (full !== undefined) return refuse(full);
  if (!planned && state.charged + 1 + state.planned > state.limit) return refuse('plan');
  const taken = changed(takePlanned(state, planned), worst);
  return accept({ ...taken, charged: taken.charged + 1, [as]: taken[as] + 1 });
}

/** The limit where none is set: half of what JavaScript counts exactly, so that settling never passes that. */
const mostCharged = 2 ** 52;

/** The first currency there is not enough of. What costs nothing has room even where a limit was passed. */
function noRoom(state: BudgetState, calls: number, { tokens, microUsd }: Cost): BudgetRefusal | undefined {
  if (calls > 0 && state.charged + calls > state.limit) return 'limit';
  if (tokens > 0 && state.tokens + tokens > (state.tokenLimit ?? mostCharged)) return 'tokens';
  if (microUsd > 0 && state.microUsd + microUsd > (state.microUsdLimit ?? mostCharged)) return 'money';
  return undefined;
}

function setLimits(state: BudgetState, limits: Limits): BudgetDecision {
  const { calls: limit = state.limit, tokens: tokenLimit = state.tokenLimit } = limits;
  const { microUsd: microUsdLimit = state.microUsdLimit } = limits;
  const below =
    (limits.calls !== undefined && limit < state.charged) ||
    (typeof limits.tokens === 'number' && limits.tokens < state.tokens) ||
    (typeof limits.microUsd === 'number' && limits.microUsd < state.microUsd);
  return below ? refuse('below-charged') : accept({ ...state, limit, tokenLimit, microUsdLimit });
}

function adopt(state: BudgetState, to: { calls: number; tokens: number; microUsd: number }): BudgetDecision {
  const missing = Math.max(0, to.calls - state.charged);
  const cost = {
    tokens: Math.max(0, to.tokens - state.tokens),
    microUsd: Math.max(0, to.microUsd - state.microUsd),
  };
  const full = noRoom(state, missing, cost);
  if (full !== undefined) return refuse(full);
  const raised = changed(state, cost);
  return accept({ ...raised, charged: raised.charged + missing, forfeited: raised.forfeited + missing });
}

function changed(state: BudgetState, { tokens, microUsd }: Cost): BudgetState {
  return { ...state, tokens: state.tokens + tokens, microUsd: state.microUsd + microUsd };
}

function uncharged(state: BudgetState, replan: boolean): BudgetState {
  return { ...state, charged: state.charged - 1, planned: state.planned + (replan ? 1 : 0) };
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
