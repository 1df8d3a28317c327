import { termsOf } from '../../contracts/flow/flow-terms.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { World } from '../ports/world.ts';
import type { Sender } from './send-call.ts';

/**
 * What sends the calls of one round. `closing`: no new call may start; those in flight are let settle. It has to
 * be aborted at the end: until then the run has a say in how fast the endpoint is asked.
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
