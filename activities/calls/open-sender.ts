import { termsOf } from '../../contracts/flow/flow-terms.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { World } from '../ports/world.ts';
import type { Sender } from './send-call.ts';

/**
 * Opens the sender of one round. After `closing` is aborted no new call starts and in-flight calls settle. The caller
 * must abort it in the end: until then the run's limits count at the endpoint's limiter.
 */
export function openSender(
  world: World,
  { spec, stage, round }: { readonly spec: RunSpec; readonly stage: number; readonly round: number },
  closing: AbortSignal,
): Sender {
  return {
    spec,
    stage,
    round,
    ledger: world.ledger,
    teacher: world.teacher(spec),
    lane: world.limiter(spec).open(spec.name, termsOf(spec), closing),
    closing,
    abandon: new AbortController().signal,
  };
}
