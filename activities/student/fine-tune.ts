/** Fine-tune: creates each job exactly once, also across crashes, and waits for it without holding a worker slot. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AwaitFineTuneInput, FineTuned, FineTuneInput, FineTuneJob } from '../../contracts/activity-messages.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { FailureType } from '../../domain/failures.ts';
import { stillRunning, workerLeaves } from '../boundary.ts';
import { callKey } from '../calls/call-key.ts';
import type { Claim } from '../ports/ledger.ts';
import type { World } from '../ports/world.ts';
import { entryKey, reserveTraining, settleTraining } from './student-charges.ts';
import { trainingOptions } from './training-options.ts';

/**
 * Creates the job, or finds the one with the same key. An exclusive row in the ledger guards the creation; the endpoint
 * is searched too, in case a worker crashed between creating and recording the job.
 */
export async function fineTune(
  world: World,
  input: FineTuneInput,
  exportTraining: (input: FineTuneInput) => Promise<string>,
  cancelled: AbortSignal,
): Promise<FineTuneJob> {
  const { spec, stage, training, from } = input;
  if ('driver' in spec.student && spec.student.driver === 'manual') {
    const path = await exportTraining(input);
    throw new BaldistillError(
      'AwaitingStudent',
      `Stage ${stage} is ready to train: ${path} holds ${training.rows} examples.`,
    );
  }
  const command = 'driver' in spec.student && spec.student.driver === 'command' ? spec.student : null;
  const student = world.student(spec, null);
  if (student === null || !('hyperparameters' in spec.student))
    throw new BaldistillError('InvalidInput', 'The run has no student to train.');
  const options = await trainingOptions(student, spec, from);
  const key = callKey({
    training: training.sha256,
    from,
    hyperparameters: spec.student.hyperparameters,
    loss: spec.switches.loss,
    seed: spec.seed,
    // `loss` is part of the key already.
    ...(options.template === undefined ? {} : { template: options.template }),
    // The same command in another folder may do something else.
    ...(command === null ? {} : { command: command.train, cwd: command.cwd }),
  });
  const ending = AbortSignal.any([cancelled, world.draining]);
  const claim = await claimTraining(world, key, ending);
  if (claim.kind === 'created') {
    // If another run created the job, that run paid for it and this run has no entry.
    const { ended } = await student.findJob(key);
    return {
      id: claim.value,
      key,
      spending: await world.ledger.spendingOf({ run: spec.name, key: entryKey(key, ended) }),
    };
  }
  let spending: string | null = null;
  try {
    ending.throwIfAborted();
    // Search before reserving: if the endpoint is down, nothing has been charged.
    const found = await student.findJob(key);
    spending = await reserveTraining(world.ledger, spec, { key: entryKey(key, found.ended), training });
    const id =
      found.id ??
      (await student.createJob({
        key,
        ended: found.ended,
        baseModel: from,
        trainingPath: command === null ? world.artifacts.localPath(training) : await exportTraining(input),
        seed: spec.seed,
        suffix: `stage-${stage}`,
        options,
        signal: ending,
      }));
    await world.ledger.recordOnce({ key, value: id });
    return { id, key, spending };
  } catch (error) {
    try {
      const refused = error instanceof BaldistillError && neverCreated.has(error.type);
      if (spending !== null && refused)
        await world.ledger.endSpending({ id: spending, end: { state: 'refused', reason: error.type } });
    } finally {
      // The next attempt searches the endpoint, so a job that was created anyway is still found.
      await world.ledger.forgetOnce({ key, value: '' });
    }
    if (error === world.draining.reason) throw workerLeaves('The worker ended while the training command ran.');
    throw error;
  }
}

/** Claims the training; waits while another worker holds the claim. */
async function claimTraining(world: World, key: string, ending: AbortSignal): Promise<Claim> {
  try {
    return await world.ledger.claimOnce({ key, signal: ending });
  } catch (error) {
    if (error === world.draining.reason) throw workerLeaves('The worker ended while it waited for the same training.');
    throw error;
  }
}

/** Failures that certainly created no job. After any other failure the job may exist, so the charge stays. */
const neverCreated: ReadonlySet<FailureType> = new Set<FailureType>([
  'EndpointRefusesKey',
  'ModelUnknown',
  'RequestRejected',
  'BillingExhausted',
]);

/** The first attempt polls for a short time, so that a job of a second needs no second attempt. */
const firstPoll = { everyMs: 50, forMs: 1_500 };

/** Checks the job. A failed or unknown job is removed from the ledger, so that a resume creates a new one. */
export async function awaitFineTune(
  world: World,
  { spec, job }: AwaitFineTuneInput,
  attempt: number,
): Promise<FineTuned> {
  const student = world.student(spec, null);
  if (student === null) throw new BaldistillError('InvalidInput', 'The run has no student to wait for.');
  let state = await student.job(job.id);
  const pollUntil = Date.now() + (attempt === 1 ? firstPoll.forMs : 0);
  while (state.status === 'running' && Date.now() < pollUntil) {
    await pause(firstPoll.everyMs);
    state = await student.job(job.id);
  }
  if (state.status === 'running') throw stillRunning(`The job ${job.id} is still running.`);
  if (state.status === 'succeeded') {
    if (job.spending !== null) await settleTraining(world.ledger, spec, job.spending, state.trainedTokens);
    const losses = state.losses.length === 0 ? null : await world.artifacts.writeLines(state.losses);
    return { model: state.model, losses };
  }
  // Close the entry first: the next job under this key must not find it, or that job would not be charged.
  if (job.spending !== null)
    await world.ledger.endSpending({ id: job.spending, end: { state: 'forfeited', reason: 'job_failed' } });
  await world.ledger.forgetOnce({ key: job.key, value: job.id });
  const why = state.status === 'failed' ? `failed: ${state.message}` : 'is not known to the student endpoint any more';
  throw new BaldistillError('FineTuneFailed', `The fine-tuning job ${job.id} ${why}`);
}
