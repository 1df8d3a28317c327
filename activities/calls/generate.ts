/**
 * Generate: sends the calls of one chunk, for at most a slice of time. It has no cursor: the
 * ledger knows what was answered, so a slice that is run again pays for nothing twice.
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
 * `cancelled` is aborted by a pause or a cancel; either way the slice lets calls in flight settle and then returns
 * normally, with what it did not send.
 */
export async function generate(
  world: World,
  input: SliceInput,
  slice: { readonly cancelled: AbortSignal; readonly seconds: number },
): Promise<SliceResult> {
  const spec = input.terms === undefined ? input.spec : withTerms(input.spec, input.terms.terms);
  const startedAt = performance.now();
  /** By the first failure, and at the end: whatever the slice was waiting for. */
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
    flow: { worker: world.worker, look: world.limiter(spec).lookAt(spec.name) },
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
