/** A job from creation to a model that answers. */
import type { ContractCase } from '../case.ts';
import { breaks, demand, lacks } from '../case.ts';
import { given, granted, isRefused } from '../requests/replies.ts';
import { brokenLine, brokenTrainingText } from '../requests/samples.ts';
import { Checkpoints, LossPoint, ModelList, TuningJob } from '../requests/shapes.ts';
import type { Site } from '../requests/site.ts';
import { awaitJob, create, events, jobOf, postFile, postJob, trainable, trainedBy } from '../requests/tuning.ts';

const elsewhere =
  'This model is not trained here: train elsewhere, with `student: { driver: manual }` or `driver: command`.';

export const trainingCases: readonly ContractCase[] = [
  {
    id: 'job-trains',
    area: 'training',
    title: 'a job ends with a model',
    needs: ['file-upload'],
    loss: elsewhere,
    async check(site) {
      const wish = { file: fileOf(site), key: `${site.nonce}-first`, idempotencyKey: `${site.nonce}-first` };
      const job = granted(await postJob(site, wish), TuningJob, 'creating a job');
      demand(job.training_file === wish.file, `the job names the file ${job.training_file}`);
      demand(job.fine_tuned_model === null, 'a job that has just been created names a model');
      const model = await trainedBy(site, job.id);
      demand(model !== trainable(site).base, 'the trained model has the name of its base');
      site.trainedJob = job.id;
      site.subject = model;
      return model;
    },
  },
  {
    id: 'trained-model-listed',
    area: 'training',
    title: 'lists the trained model beside its base',
    needs: ['job-trains', 'model-listed'],
    async check(site) {
      const { data } = given(await site.wire.send({ method: 'GET', path: '/models' }), ModelList, 'GET /models');
      if (!data.some(({ id }) => id === site.subject)) lacks(`${site.subject} is not listed`);
    },
  },
  {
    id: 'job-events',
    area: 'training',
    title: 'reports the training loss by step, and pages through its events',
    needs: ['job-trains'],
    loss: 'The report has no loss curve.',
    async check(site) {
      const id = site.trainedJob ?? '';
      const all: string[] = [];
      let losses = 0;
      for (let after = ''; ;) {
        const page = await events(site, id, after);
        losses += page.data.filter(({ data }) => LossPoint.safeParse(data).success).length;
        all.push(...page.data.map((event) => event.id));
        const last = page.data.at(-1)?.id;
        if (page.has_more !== true || last === undefined) break;
        demand(all.length < 10_000, 'its events never end: `after` is not obeyed');
        after = `&after=${encodeURIComponent(last)}`;
      }
      demand(new Set(all).size === all.length, 'an event comes twice');
      if (all.length > 1) {
        const rest = await events(site, id, `&after=${encodeURIComponent(all[0] ?? '')}`);
        demand(rest.data[0]?.id === all[1], '`after` does not begin after the event it names');
      }
      if (losses === 0) lacks(`${all.length} events, none with {step, train_loss}`);
      return `${losses} points`;
    },
  },
  {
    id: 'job-checkpoints',
    area: 'training',
    title: 'lists the checkpoint of the trained model',
    needs: ['job-trains'],
    async check(site) {
      const path = `/fine_tuning/jobs/${site.trainedJob}/checkpoints`;
      const { data } = granted(await site.wire.send({ method: 'GET', path }), Checkpoints, 'checkpoints');
      if (data.length === 0) lacks('none is listed');
    },
  },
  {
    id: 'job-broken-file',
    area: 'training',
    title: 'a broken training file ends the job, and the error names the line',
    needs: ['job-trains'],
    loss: 'A run writes no broken file; whoever trains by hand looks for the line himself.',
    async check(site) {
      const uploaded = await postFile(site, brokenTrainingText());
      const said = isRefused(uploaded) ? uploaded.text : await failureOf(site, uploaded.json);
      if (!new RegExp(`\\b(line|row)\\D{0,4}${brokenLine}\\b`, 'i').test(said)) lacks(`says "${said.slice(0, 120)}"`);
    },
  },
  {
    id: 'jobs-at-once',
    area: 'training',
    title: 'jobs created at the same time all end, each with a model of its own',
    needs: ['job-trains'],
    loss: 'Runs of a comparison train one after the other only if the endpoint queues them; here they fail.',
    async check(site) {
      const seeds = [11, 12];
      const jobs = await Promise.all(seeds.map((seed) => create(site, { file: fileOf(site), seed })));
      const models = await Promise.all(jobs.map(({ id }) => trainedBy(site, id)));
      demand(new Set(models).size === seeds.length, `two seeds, one model: ${models[0]}`);
    },
  },
];

async function failureOf(site: Site, file: unknown): Promise<string> {
  const id = typeof file === 'object' && file !== null && 'id' in file ? String(file.id) : '';
  const reply = await postJob(site, { file: id });
  if (isRefused(reply)) return reply.text;
  const created = given(reply, TuningJob, 'creating a job');
  const { status } = await awaitJob(site, created.id);
  if (status !== 'failed') breaks(`a file whose line ${brokenLine} is no JSON: the job ended as ${status}`);
  return (await jobOf(site, created.id)).error?.message ?? '';
}

export function fileOf(site: Site): string {
  demand(site.trainingFile !== undefined, 'there is no training file');
  return site.trainingFile;
}
