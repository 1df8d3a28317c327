/** How a job ends before its time, and how it does not: cancelled by us, or with its server killed under it. */
import type { ContractCase } from '../case.ts';
import { demand, unasked } from '../case.ts';
import { granted, refused } from '../requests/replies.ts';
import { prompt, taught, trainingText } from '../requests/samples.ts';
import { TuningJob } from '../requests/shapes.ts';
import type { Site } from '../requests/site.ts';
import { complete, logprobsOf, sumFrom } from '../requests/ask.ts';
import {
  awaitJob,
  cancel,
  create,
  jobOf,
  listJobs,
  metadataKey,
  trainedBy,
  underKey,
  upload,
} from '../requests/tuning.ts';

/** Long enough to be met in the middle of it. */
const longTurns = 60;

export const jobLifeCases: readonly ContractCase[] = [
  {
    id: 'job-cancel',
    area: 'training',
    title: 'a cancelled job stays cancelled and leaves no model',
    needs: ['job-trains'],
    loss: 'A run that is stopped leaves its training going on at the endpoint, where it may cost money.',
    async check(site) {
      const file = await upload(site, trainingText(longTurns));
      const { id } = await create(site, { file, seed: 21, epochs: 1 });
      const cancelled = granted(await cancel(site, id), TuningJob, 'cancelling');
      const job = await awaitJob(site, id);
      if (cancelled.status === 'succeeded') unasked('it was done before it was cancelled');
      demand(job.status === 'cancelled', `a cancelled job ended as ${job.status}`);
      demand(job.fine_tuned_model === null, 'a cancelled job names a model');
      demand((await jobOf(site, id)).status === 'cancelled', 'a cancelled job became another one');
      refused(await cancel(site, 'ftjob-unknown'), [404], 'cancelling an unknown job');
    },
  },
  {
    id: 'job-survives-kill',
    area: 'training',
    title: 'a job whose server is killed continues to the same model, once',
    needs: ['job-trains', 'echo'],
    loss: 'A stage whose training is lost with the server blocks the run, and is trained again after `resume`.',
    async check(site) {
      const { restart } = site.means;
      if (restart === undefined) unasked('this server cannot be killed by the check');
      const file = await upload(site, trainingText(longTurns));
      const undisturbed = await create(site, { file, seed: 31, epochs: 1 });
      const expected = await fingerprint(site, await trainedBy(site, undisturbed.id));
      const key = `${site.nonce}-killed`;
      // Under a key of its own it is another job; the same file and seed have to make the same weights.
      const { id } = await create(site, { file, seed: 31, epochs: 1, key, idempotencyKey: key });
      await awaitJob(site, id, ({ status }) => status === 'running');
      await restart();
      const model = await trainedBy(site, id);
      const found = await listJobs(site, underKey(key));
      demand(found.filter(({ metadata }) => metadata?.[metadataKey] === key).length === 1, 'the job is there twice');
      const actual = await fingerprint(site, model);
      demand(actual === expected, 'the weights differ from those of an undisturbed job');
    },
  },
  {
    id: 'base-answers',
    area: 'training',
    title: 'the base model can be asked as itself',
    needs: ['job-trains', 'completions'],
    loss: 'A run asks its base before the first stage, and is blocked.',
    async check(site) {
      const body = { model: site.model, prompt, max_tokens: 1, temperature: 0 };
      const reply = await site.wire.send({ method: 'POST', path: '/completions', body });
      demand(reply.status === 200, `asking ${site.model}: answered ${reply.status}`);
    },
  },
  {
    id: 'training-teaches',
    area: 'training',
    title: 'the trained model finds what it was taught likelier than its base does',
    needs: ['job-trains', 'echo', 'base-answers'],
    loss: 'Its students learn nothing.',
    async check(site) {
      const file = await upload(site, trainingText(8));
      const trained = await trainedBy(site, (await create(site, { file, seed: 41, epochs: 8 })).id);
      const [before, after] = [await taughtSum(site, site.model), await taughtSum(site, trained)];
      demand(after > before, `log probability ${before.toFixed(2)} before, ${after.toFixed(2)} after training`);
      return `${before.toFixed(1)} before, ${after.toFixed(1)} after`;
    },
  },
];

/** Weights that differ in a bit differ here, or not in anything a run could see. */
async function fingerprint(site: Site, model: string): Promise<string> {
  const choice = await echoOf(site, model, prompt + taught);
  return JSON.stringify(logprobsOf(choice, 'echo', 1).token_logprobs);
}

/** Of the answer alone: whatever training does to the prompt's own words is taken off. */
async function taughtSum(site: Site, model: string): Promise<number> {
  const [whole, start] = [await echoOf(site, model, prompt + taught), await echoOf(site, model, prompt)];
  return sumFrom(logprobsOf(whole, 'echo', 1), 0) - sumFrom(logprobsOf(start, 'echo', 1), 0);
}

async function echoOf(site: Site, model: string, text: string): ReturnType<typeof complete> {
  return await complete(site, text, { model, echo: true, logprobs: 1, max_tokens: 0 });
}
