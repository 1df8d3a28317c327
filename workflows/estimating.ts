/** What a run is expected to cost, worked out beside its first stage, so that no call waits for it. */
import { log, patched } from '@temporalio/workflow';
import type { RunSpec } from '../contracts/run-file.ts';
import type { Prepared } from '../contracts/stage.ts';
import { failureOf } from './parking.ts';
import type { Steps } from './steps.ts';

/** Settles before the report is written, and never rejects: a run goes on without an estimate, and its report says so. */
export async function estimateBeside(steps: Steps, spec: RunSpec, prepared: Prepared): Promise<void> {
  // Runs of an earlier version made it while they prepared.
  if (!patched('estimate-beside')) return;
  try {
    await steps.control.keepEstimate.executeWithOptions({ summary: 'what it should cost' }, [{ spec, prepared }]);
  } catch (error) {
    const { type, message } = failureOf(error);
    log.warn(`No estimate of the run ${spec.name}: ${message}`, { type });
  }
}
