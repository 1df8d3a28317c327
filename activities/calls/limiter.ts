/**
 * The limiter of one endpoint: one queue per run, served round robin, with the rules of domain/flow. A call is admitted
 * when the endpoint's limits, the in-flight calls and the run's own concurrency limit allow it.
 */
import type { EndpointSnapshot, FlowSnapshot, FlowTerms } from '../../contracts/flow/flow.ts';
import {
  allowed,
  answered,
  effectiveLimits,
  openFlow,
  refused,
  sent,
  limitsReported,
  tuned,
  unsent,
  waitOf,
  withSettings,
} from '../../domain/flow/flow.ts';
import type { Settings } from '../../domain/flow/flow.ts';
import { openRateMeter } from '../../domain/flow/rate-meter.ts';
import { drawOf, limitNames, strictest } from '../../domain/flow/rate-limits.ts';
import type { Draw } from '../../domain/flow/rate-limits.ts';
import { estimated, firstEstimate, learned } from '../../domain/flow/token-estimate.ts';
import type { CallSize, Lane, Lease, Limiter, Usage } from '../ports/limiter.ts';
import { openRunTally } from './run-tally.ts';
import type { RunTally } from './run-tally.ts';

interface Waiter {
  readonly call: CallSize;
  readonly lane: symbol;
  readonly admit: (lease: Lease | undefined) => void;
}

interface RunQueue {
  readonly run: string;
  terms: FlowTerms;
  lanes: number;
  inFlight: number;
  waiting: Waiter[];
  readonly tally: RunTally;
}

/** The pace grows even while no answer arrives, so it is checked at least this often. */
const longestSleepMs = 1000;

export function createLimiter(endpoint: string, now: () => number = () => performance.now()): Limiter {
  const runs = new Map<string, RunQueue>();
  /** Runs with waiting calls, the next one first. */
  const turns = new Set<RunQueue>();
  const served = openRateMeter(now());
  let workers = 1;
  let inFlight = 0;
  let estimate = firstEstimate;
  let timer: NodeJS.Timeout | undefined;
  let due = Infinity;
  let flow = openFlow(settings(), now());

  /** The strictest limits and the highest concurrency of the open runs. */
  function settings(): Settings {
    const open = [...runs.values()].filter(({ lanes }) => lanes > 0);
    const declared = Object.fromEntries(
      limitNames.map((name) => [name, strictest(...open.map(({ terms }) => terms.limits[name]))]),
    );
    const ceiling = Math.max(1, ...open.map(({ terms }) => terms.concurrency));
    return { declared, ceiling, share: 1 / workers };
  }

  function admit(): void {
    const at = now();
    flow = tuned(flow, at);
    for (;;) {
      const queue = next();
      const waiter = queue?.waiting[0];
      if (queue === undefined || waiter === undefined) return;
      const draw = drawFor(waiter.call);
      const wait = waitOf(flow, draw, inFlight, at);
      // First in, first out: otherwise small calls would delay a large one forever.
      if (wait > 0) return sleep(at, wait);
      queue.waiting.shift();
      turns.delete(queue);
      if (queue.waiting.length > 0) turns.add(queue);
      queue.inFlight += 1;
      inFlight += 1;
      flow = sent(flow, draw, at);
      waiter.admit(leaseOf(queue, waiter.call, draw, at));
    }
  }

  /** The next run that may have one more call in flight. */
  function next(): RunQueue | undefined {
    for (const queue of turns) if (queue.inFlight < Math.ceil(queue.terms.concurrency / workers)) return queue;
    return undefined;
  }

  /** Sets a timer for the next admission. A call that ends triggers admission earlier. */
  function sleep(at: number, milliseconds: number): void {
    if (milliseconds === Infinity) return;
    const wake = at + Math.min(longestSleepMs, Math.ceil(milliseconds));
    if (timer !== undefined && due <= wake && due > at) return;
    clearTimeout(timer);
    due = wake;
    timer = setTimeout(() => {
      timer = undefined;
      admit();
    }, wake - at);
  }

  function drawFor(call: CallSize): Draw {
    return drawOf(estimated(estimate, call));
  }

  function usedBy(call: CallSize, { inputTokens, outputTokens }: Usage): Draw | null {
    if (inputTokens === null || outputTokens === null) return null;
    estimate = learned(estimate, { bytes: call.bytes, input: inputTokens, output: outputTokens });
    return drawOf({ input: inputTokens, output: outputTokens });
  }

  function leaseOf(queue: RunQueue, call: CallSize, draw: Draw, startedAt: number): Lease {
    let open = true;
    const mark = flow;
    const end = (how: (at: number) => void): void => {
      if (!open) return;
      open = false;
      const at = now();
      how(at);
      queue.inFlight -= 1;
      inFlight -= 1;
      admit();
    };
    return {
      limitsReported: (limits) => {
        flow = limitsReported(flow, limits, mark, now());
      },
      answered: (answer) =>
        end((at) => {
          served.count(at);
          queue.tally.answered(answer, at);
          flow = answered(flow, { startedAt, inFlight, estimate: draw, used: usedBy(call, answer) }, at);
        }),
      refused: ({ reason, retryAfterMs, overloaded }) =>
        end((at) => {
          queue.tally.failed(reason);
          flow = refused(
            flow,
            { inFlight, estimate: draw, retryAfterMs, overloaded, served: served.perSecond(at) },
            at,
          );
        }),
      failed: (reason) => end(() => queue.tally.failed(reason)),
      unused: () =>
        end((at) => {
          flow = unsent(flow, draw, at);
        }),
    };
  }

  function queueOf(run: string, terms: FlowTerms): RunQueue {
    const queue = runs.get(run) ?? { run, terms, lanes: 0, inFlight: 0, waiting: [], tally: openRunTally(now()) };
    queue.terms = terms;
    runs.set(run, queue);
    return queue;
  }

  function snapshotOf({ tally, inFlight: sending, waiting }: RunQueue, at: number): FlowSnapshot {
    return tally.snapshot(at, sending, waiting.length);
  }

  function retune(): void {
    flow = withSettings(flow, settings(), now());
    admit();
  }

  return {
    open(run, terms, closing): Lane {
      const queue = queueOf(run, terms);
      const lane = Symbol(run);
      if (!closing.aborted) {
        queue.lanes += 1;
        closing.addEventListener(
          'abort',
          () => {
            queue.lanes -= 1;
            const left = queue.waiting.filter((waiter) => waiter.lane === lane);
            queue.waiting = queue.waiting.filter((waiter) => waiter.lane !== lane);
            if (queue.waiting.length === 0) turns.delete(queue);
            for (const { admit } of left) admit(undefined);
            // The settings of the last run stay until another run opens.
            if (queue.lanes > 0 || [...runs.values()].some(({ lanes }) => lanes > 0)) retune();
          },
          { once: true },
        );
        retune();
      }
      return {
        acquire: async (call) => {
          if (closing.aborted) return undefined;
          return await new Promise<Lease | undefined>((resolve) => {
            queue.waiting.push({ call, lane, admit: resolve });
            turns.add(queue);
            // Only the first waiting call can be admitted.
            if (queue.waiting.length === 1) admit();
          });
        },
      };
    },
    divide(count) {
      if (count === workers) return;
      workers = Math.max(1, count);
      retune();
    },
    snapshot(which): EndpointSnapshot {
      const at = now();
      const shown = [...runs.values()].filter(
        (queue) => which === 'all' || queue.inFlight > 0 || queue.waiting.length > 0,
      );
      return {
        endpoint,
        concurrency: allowed(flow),
        limits: effectiveLimits(flow, at),
        heldSeconds: Math.max(0, flow.heldUntil - at) / 1000,
        runs: shown.map((queue) => ({ run: queue.run, flow: snapshotOf(queue, at) })),
      };
    },
    snapshotOf(run) {
      const queue = runs.get(run);
      return queue === undefined ? null : snapshotOf(queue, now());
    },
  };
}
