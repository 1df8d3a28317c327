/** Activity stubs of a run: task queue, timeouts and retry policy of every step in one place. */
import { proxyActivities } from '@temporalio/workflow';
import type { ActivityInterfaceFor, RetryPolicy } from '@temporalio/workflow';
import type { BatchActivities, ControlActivities, StudentActivities, TeacherActivities } from '../activities/types.ts';
import type { EngineSettings } from '../contracts/engine.ts';
import type { RunOutline } from '../contracts/signed/signed-run.ts';

/**
 * Failures that our code classifies are thrown non-retryable and block the run. What is left for the engine to retry
 * is a lost worker; it may die eight times in one step before a person is asked, so that one which is
 * only frozen (a suspended process takes every retry that is offered) comes back first.
 */
export const lostWorker: RetryPolicy = {
  initialInterval: '500ms',
  backoffCoefficient: 2,
  maximumInterval: '10s',
  maximumAttempts: 8,
};

/** A job that is still running answers with a benign failure, so that waiting holds no slot and grows no history. */
const polling: RetryPolicy = { initialInterval: '200ms', backoffCoefficient: 1.5, maximumInterval: '60s' };

export interface Steps {
  readonly control: ActivityInterfaceFor<ControlActivities>;
  readonly teacher: ActivityInterfaceFor<TeacherActivities>;
  /** Batch mode, on the teacher's queue: gathering, submitting and settling; and waiting for the end of a batch. */
  readonly batch: ActivityInterfaceFor<BatchActivities>;
  readonly batchEnd: ActivityInterfaceFor<BatchActivities>;
  readonly student: ActivityInterfaceFor<StudentActivities>;
  readonly polled: ActivityInterfaceFor<StudentActivities>;
}

export function stepsOf(engine: EngineSettings, { teacher }: Pick<RunOutline, 'teacher'>): Steps {
  const heartbeatTimeout = engine.heartbeatSeconds * 1000;
  const step = engine.stepHours * 3_600_000;
  // A slice ends by itself: its time, then one call's deadline for what is in flight, then a margin.
  const slice = (engine.sliceSeconds + (teacher?.timeout ?? 0) + 15) * 1000;
  return {
    control: proxyActivities<ControlActivities>({
      taskQueue: engine.queues.control,
      startToCloseTimeout: step,
      heartbeatTimeout,
      retry: lostWorker,
    }),
    teacher: proxyActivities<TeacherActivities>({
      taskQueue: engine.queues.teacher,
      startToCloseTimeout: slice,
      heartbeatTimeout,
      retry: lostWorker,
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    }),
    batch: proxyActivities<BatchActivities>({
      taskQueue: engine.queues.teacher,
      startToCloseTimeout: step,
      heartbeatTimeout,
      retry: lostWorker,
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    }),
    batchEnd: proxyActivities<BatchActivities>({
      taskQueue: engine.queues.teacher,
      startToCloseTimeout: '1 minute',
      scheduleToCloseTimeout: engine.fineTuneDays * 86_400_000,
      heartbeatTimeout,
      retry: polling,
    }),
    student: proxyActivities<StudentActivities>({
      taskQueue: engine.queues.student,
      startToCloseTimeout: step,
      heartbeatTimeout,
      retry: lostWorker,
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    }),
    polled: proxyActivities<StudentActivities>({
      taskQueue: engine.queues.student,
      startToCloseTimeout: '1 minute',
      scheduleToCloseTimeout: engine.fineTuneDays * 86_400_000,
      heartbeatTimeout,
      retry: polling,
    }),
  };
}
