/** Activity stubs of a comparison. */
import { proxyActivities } from '@temporalio/workflow';
import type { ActivityInterfaceFor } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import type { EngineSettings } from '../../contracts/engine.ts';
import { lostWorker } from '../steps.ts';

export interface CompareSteps {
  readonly control: ActivityInterfaceFor<ControlActivities>;
  /** Asked again and again; waiting holds no slot and grows no history. */
  readonly polled: ActivityInterfaceFor<ControlActivities>;
}

export function compareSteps({ queues, heartbeatSeconds }: EngineSettings): CompareSteps {
  const heartbeatTimeout = heartbeatSeconds * 1000;
  return {
    control: proxyActivities<ControlActivities>({
      taskQueue: queues.control,
      startToCloseTimeout: '1 hour',
      heartbeatTimeout,
      retry: lostWorker,
    }),
    polled: proxyActivities<ControlActivities>({
      taskQueue: queues.control,
      startToCloseTimeout: '1 minute',
      heartbeatTimeout,
      retry: { initialInterval: '500ms', backoffCoefficient: 1.5, maximumInterval: '5s' },
    }),
  };
}
