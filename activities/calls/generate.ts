/**
 * Generate: sends the calls of one chunk, for at most one slice of time. It keeps no cursor: the ledger knows which
 * calls were answered, so repeating a slice never pays twice.
 */
import type { SliceInput, SliceResult } from '../../contracts/activity-messages.ts';
import { listedName, mostReported } from '../../contracts/payload-limits.ts';
import { PlannedCall } from '../../contracts/records.ts';
import { withTerms } from '../../contracts/flow/flow-terms.ts';
import type { World } from '../ports/world.ts';
import { openSender } from './open-sender.ts';
import { sendCall } from './send-call.ts';
import type { CallResult } from './send-call.ts';

/**
 * A pause or a cancellation aborts `cancelled`. The slice then settles its in-flight calls and returns normally, with
 * the number of unsent calls.
 */
export async function generate(
  world: World,
  input: SliceInput,
  slice: { readonly cancelled: AbortSignal; readonly seconds: number },
): Promise<SliceResult> {
  const spec = input.terms === undefined ? input.spec : withTerms(input.spec, input.terms.terms);
  const startedAt = performance.now();
  /** Aborted by the first failure and at the end, to stop all waiting calls. */
  const over = new AbortController();
  const calls: PlannedCall[] = [];
  for await (const call of world.artifacts.readLines(input.chunk, PlannedCall)) calls.push(call);
  const ended = AbortSignal.timeout(slice.seconds * 1000);
  const closing = AbortSignal.any([slice.cancelled, world.draining, over.signal, ended]);
  const sender = openSender(world, { ...input, spec }, closing);

  let failure: unknown;
  const results = await Promise.all(
    calls.map(async (call): Promise<CallResult> => {
      try {
        return await sendCall(sender, call);
      } catch (error) {
        failure ??= error;
        over.abort(error);
        return { end: 'unsent', sent: 0 };
      }
    }),
  );
  over.abort();
  if (failure !== undefined) throw failure;
  const count = (end: CallResult['end']): number => results.filter((result) => result.end === end).length;
  return {
    answered: count('answered'),
    empty: count('empty'),
    unsent: count('unsent'),
    sent: results.reduce((sum, result) => sum + result.sent, 0),
    seconds: (performance.now() - startedAt) / 1000,
    domains: domainsOf(calls, results),
    budget: await world.ledger.budget({ run: spec.name }),
    ledger: await world.ledger.identity(),
    flow: { worker: world.worker, look: world.limiter(spec).snapshotOf(spec.name) },
  };
}

function domainsOf(calls: readonly PlannedCall[], results: readonly CallResult[]): SliceResult['domains'] {
  const answered = calls.filter((_, index) => results[index]?.end === 'answered');
  return [...Map.groupBy(answered, ({ domain }) => domain)]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, mostReported)
    .map(([domain, of]) => ({
      domain: listedName(domain),
      real: of.filter(({ kind }) => kind === 'annotate').length,
      synthetic: of.filter(({ kind }) => kind === 'synthesize').length,
    }));
}
