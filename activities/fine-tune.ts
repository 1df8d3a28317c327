/** Fine-tune: a job is created once, whatever crashes, and waited for without holding a slot (DESIGN section 3). */
import type { AwaitFineTuneInput, FineTuned, FineTuneInput, FineTuneJob } from '../contracts/activity-messages.ts';
import { BaldistillError } from '../domain/failures.ts';
import { stillRunning } from './boundary.ts';
import { callKey } from './call-key.ts';
import type { World } from './ports/world.ts';

/**
 * Creates the job, or finds the one already created under its key: in the ledger, whose exclusive row guards the
 * creation, then at the endpoint, for a crash between creation and record.
 */
export async function fineTune(
  world: World,
  input: FineTuneInput,
  exportTraining: (input: FineTuneInput) => Promise<string>,
): Promise<FineTuneJob> {
  const { spec, stage, training, from } = input;
  if ('driver' in spec.student && spec.student.driver === 'manual') {
    const path = await exportTraining(input);
    throw new BaldistillError(
      'AwaitingStudent',
      `Stage ${stage} is ready to train: ${path} holds ${training.rows} examples.`,
    );
  }
  const student = world.student(spec, null);
  if (student === null || !('hyperparameters' in spec.student))
    throw new BaldistillError('InvalidInput', 'The run has no student to train.');
  const key = callKey({
    training: training.sha256,
    from,
    hyperparameters: spec.student.hyperparameters,
    loss: spec.switches.loss,
    seed: spec.seed,
  });
  const claim = await world.ledger.claimOnce(key);
  if (claim.kind === 'created') return { id: claim.value, key };
  const known = await student.findJob(key);
  const id =
    known ??
    (await student.createJob({
      key,
      baseModel: from,
      trainingPath: await exportTraining(input),
      seed: spec.seed,
      suffix: `stage-${stage}`,
    }));
  await world.ledger.recordOnce(key, id);
  return { id, key };
}

/** One look at the job. A job that failed or is unknown is forgotten, so that a resume creates a new one. */
export async function awaitFineTune(world: World, { spec, job }: AwaitFineTuneInput): Promise<FineTuned> {
  const student = world.student(spec, null);
  if (student === null) throw new BaldistillError('InvalidInput', 'The run has no student to wait for.');
  const state = await student.job(job.id);
  if (state.status === 'running') throw stillRunning(`The job ${job.id} is still running.`);
  if (state.status === 'succeeded') {
    const losses = state.losses.length === 0 ? null : await world.artifacts.writeLines(state.losses);
    return { model: state.model, losses };
  }
  await world.ledger.forgetOnce(job.key, job.id);
  const why = state.status === 'failed' ? `failed: ${state.message}` : 'is not known to the student endpoint any more';
  throw new BaldistillError('FineTuneFailed', `The fine-tuning job ${job.id} ${why}`);
}
