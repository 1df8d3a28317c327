/**
 * The ledger's rules a second time, in memory and as simply as possible: no SQL, no groups, and every count is computed
 * from the list of charges. The real ledger's outcomes are compared with these.
 */
import type { CallState, IntentOutcome, IntentRequest } from '../../activities/ports/ledger.ts';

interface Call {
  readonly callId: string;
  readonly content: string;
  readonly reissue: number;
  state: CallState;
  session: number | null;
  sends: number;
}

interface Due {
  readonly run: string;
  readonly slot: number;
  callId: string;
  role: 'payer' | 'cached';
  state: 'open' | 'settled' | 'forfeited' | 'recovered' | 'back';
  charged: boolean;
  fromPlan: boolean;
  /** Charged now, and reserved before it was sent. */
  tokens: number;
  worst: number;
}

interface Run {
  limit: number;
  planned: number;
  streak: number;
  tokenLimit: number | null;
  /** The most by which an answer cost more than its worst case. */
  excess: number;
}

const maxForfeits = 3;

export class ReferenceModel {
  readonly runs = new Map<string, Run>();
  readonly calls = new Map<string, Call>();
  /** Writers that have been silent: dead to others, not to themselves. */
  readonly silent = new Set<number>();
  readonly #dues: Due[] = [];
  readonly #refusedForGood = new Set<string>();

  charged(run: string): number {
    return this.#dues.filter((due) => due.run === run && due.charged).length;
  }

  tokens(run: string): number {
    return this.#dues.filter((due) => due.run === run).reduce((sum, due) => sum + due.tokens, 0);
  }

  intend(writer: number, request: IntentRequest): IntentOutcome {
    const own = this.#dues.filter((due) => due.run === request.run && due.slot === request.slot);
    const answer = own.find(({ state }) => state === 'settled') ?? own.find(({ state }) => state === 'recovered');
    const resend = request.idempotencyTtl !== null;
    for (const due of own.filter(({ state }) => state === 'open')) {
      const call = this.#call(due.callId);
      if (this.#alive(writer, call)) {
        if (answer === undefined) return { kind: 'wait', callId: call.callId };
      } else if (answer === undefined && resend) return this.#unstable(request.run) ?? this.#again(writer, call);
      else this.#forfeit(call, false);
    }
    if (answer !== undefined) return { kind: 'answered', callId: answer.callId };
    const known = (): Call[] =>
      [...this.calls.values()]
        .filter(({ content }) => content === request.contentKey)
        .sort((left, right) => left.reissue - right.reissue);
    const done = known().find(({ state }) => state === 'settled' || state === 'recovered');
    if (done !== undefined) {
      const charge = { callId: done.callId, role: 'cached', state: 'settled' } as const;
      const counted = request.cached === 'count';
      return this.#charge(writer, request, charge, counted) ?? { kind: 'answered', callId: done.callId };
    }
    const open = known().find(({ state }) => state === 'intent');
    if (open !== undefined) {
      if (this.#alive(writer, open)) return { kind: 'wait', callId: open.callId };
      if (resend) {
        const charge = { callId: open.callId, role: 'cached', state: 'open' } as const;
        const counted = request.cached === 'count';
        const no = this.#unstable(request.run) ?? this.#charge(writer, request, charge, counted);
        return no ?? this.#again(writer, open);
      }
      this.#forfeit(open, false);
    }
    const last = known().at(-1);
    const reissue = last === undefined ? 0 : last.reissue + (last.state === 'refused' ? 0 : 1);
    const callId = `${request.contentKey}.${reissue}`;
    const no =
      this.#unstable(request.run) ?? this.#charge(writer, request, { callId, role: 'payer', state: 'open' }, true);
    if (no !== undefined) return no;
    const call: Call = { callId, content: request.contentKey, reissue, state: 'intent', session: writer, sends: 1 };
    this.calls.set(callId, call);
    return { kind: 'send', callId, again: false };
  }

  settle(callId: string, tokens: number): 'settled' | 'recovered' | 'above-bound' {
    const call = this.#call(callId);
    if (call.state === 'settled' || call.state === 'recovered') return call.state;
    let unpaid = call.state === 'refused';
    let above = false;
    call.state = call.state === 'intent' ? 'settled' : 'recovered';
    for (const due of this.#dues.filter((each) => each.callId === callId)) {
      if (due.state === 'open' || due.state === 'forfeited') {
        if (due.state === 'open' && due.charged) this.#run(due.run).streak = 0;
        due.state = due.state === 'open' ? 'settled' : 'recovered';
        if (due.role === 'cached') continue;
        const run = this.#run(due.run);
        run.excess = Math.max(run.excess, tokens - due.tokens);
        above ||= tokens > due.tokens;
        due.tokens = tokens;
      } else if (unpaid && due.state === 'back' && due.role === 'payer') {
        unpaid = false;
        const { limit, tokenLimit } = this.#run(due.run);
        const room = tokenLimit === null || this.tokens(due.run) + tokens <= tokenLimit;
        due.charged = this.charged(due.run) < limit && room;
        if (due.charged) due.tokens = tokens;
        due.state = 'recovered';
      }
    }
    return above ? 'above-bound' : call.state;
  }

  refuse(writer: number, callId: string, final: boolean): void {
    const call = this.#call(callId);
    if (call.state !== 'intent' || call.session !== writer) return;
    if (call.sends > 1 && !final) {
      call.session = null;
      return;
    }
    call.state = 'refused';
    for (const due of this.#open(callId)) {
      if (due.role === 'payer' && final) this.#refusedForGood.add(`${due.run}/${due.slot}`);
      this.#giveBack(due, due.role === 'cached' || !final);
    }
  }

  forfeit(writer: number, callId: string, seen: boolean): void {
    const call = this.#call(callId);
    if (call.state !== 'intent') return;
    if (call.session !== writer && (seen || this.#alive(writer, call))) return;
    this.#forfeit(call, seen);
  }

  #forfeit(call: Call, seen: boolean): void {
    call.state = 'forfeited';
    call.session = null;
    for (const due of this.#open(call.callId)) {
      if (due.role === 'cached') this.#giveBack(due, true);
      else {
        due.state = 'forfeited';
        if (seen) this.#run(due.run).streak += 1;
      }
    }
  }

  #giveBack(due: Due, replan: boolean): void {
    if (replan && due.fromPlan) this.#run(due.run).planned += 1;
    due.state = 'back';
    due.charged = false;
    due.tokens = 0;
    due.fromPlan = false;
  }

  #charge(
    writer: number,
    request: IntentRequest,
    charge: Pick<Due, 'callId' | 'role' | 'state'>,
    counted: boolean,
  ): IntentOutcome | undefined {
    const { run, slot } = request;
    const own = this.#dues.filter((due) => due.run === run && due.slot === slot);
    const forfeited = own.some(({ state }) => state === 'forfeited');
    const last = own.at(-1);
    const spent = forfeited || this.#refusedForGood.has(`${run}/${slot}`);
    const planned = request.planned && !spent;
    const budget = this.#run(run);
    const after = this.charged(run) + 1 + (planned ? 0 : budget.planned);
    const worst = charge.role === 'payer' ? request.worst.tokens + budget.excess : 0;
    const full = counted && this.charged(run) + 1 > budget.limit;
    const dear = worst > 0 && budget.tokenLimit !== null && this.tokens(run) + worst > budget.tokenLimit;
    if ((counted && after > budget.limit) || dear) {
      const inFlight = this.#dues
        .filter((due) => due.run === run && due.state === 'open')
        .filter((due) => this.#alive(writer, this.#call(due.callId)));
      const [first] = inFlight;
      if (first !== undefined && this.#dues.some((due) => due.run === run && due.state === 'open' && due.charged)) {
        return { kind: 'wait', callId: first.callId };
      }
      if (dear && !full) return { kind: 'exhausted', reason: 'tokens' };
      return { kind: 'exhausted', reason: forfeited ? 'forfeited' : 'calls' };
    }
    const fromPlan = planned && budget.planned > 0;
    if (fromPlan) budget.planned -= 1;
    const due = { run, slot, ...charge, charged: counted, fromPlan, tokens: worst, worst };
    if (last?.state === 'back') Object.assign(last, due);
    else this.#dues.push(due);
    return undefined;
  }

  #again(writer: number, call: Call): IntentOutcome {
    call.session = writer;
    call.sends += 1;
    return { kind: 'send', callId: call.callId, again: true };
  }

  #unstable(run: string): IntentOutcome | undefined {
    const { streak } = this.#run(run);
    return streak >= maxForfeits ? { kind: 'unstable', forfeits: streak } : undefined;
  }

  #alive(writer: number, call: Call): boolean {
    return call.session !== null && (call.session === writer || !this.silent.has(call.session));
  }

  #open(callId: string): Due[] {
    return this.#dues.filter((due) => due.callId === callId && due.state === 'open');
  }

  #call(callId: string): Call {
    const call = this.calls.get(callId);
    if (call === undefined) throw new Error(`no call ${callId}`);
    return call;
  }

  #run(name: string): Run {
    const run = this.runs.get(name);
    if (run === undefined) throw new Error(`no run ${name}`);
    return run;
  }
}
