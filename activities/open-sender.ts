import type { RunSpec } from '../contracts/run-file.ts';
import type { World } from './ports/world.ts';
import type { Sender } from './send-call.ts';

/** What sends the calls of one round. `closing`: no new call may start; those in flight are let settle. */
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
    limiter: world.limiter(spec),
    closing,
    abandon: new AbortController().signal,
  };
}
