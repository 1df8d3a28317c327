/** Whether a job is created once, whatever happens between request and response. */
import type { ContractCase } from '../case.ts';
import { demand, lacks } from '../case.ts';
import { refused } from '../requests/replies.ts';
import { create, listJobs, metadataKey, postJob, underKey } from '../requests/tuning.ts';
import { fileOf } from './training.ts';

export const jobCreationCases: readonly ContractCase[] = [
  {
    id: 'job-found-by-metadata',
    area: 'training',
    title: 'a job is found again by its metadata, and no other with it',
    needs: ['job-trains'],
    loss: 'After a crash a run may not find the job it had created, and trains a stage twice.',
    async check(site) {
      const key = `${site.nonce}-first`;
      const found = await listJobs(site, underKey(key));
      const ours = found.filter(({ metadata }) => metadata?.[metadataKey] === key);
      if (ours.length === 0) lacks('the job does not come back with its metadata');
      demand(ours.length === 1 && ours[0]?.id === site.trainedJob, `${ours.length} jobs under one key`);
      const other = await listJobs(site, underKey(`${site.nonce}-unknown`));
      return other.length === 0 ? undefined : 'the filter is passed over; a run looks through the last 100 jobs itself';
    },
  },
  {
    id: 'job-created-once',
    area: 'training',
    title: 'the same request under the same Idempotency-Key is the same job',
    needs: ['job-trains'],
    loss: 'A creation whose answer got lost is looked up by metadata only; where that comes too early, a stage is trained twice.',
    async check(site) {
      const idempotencyKey = `${site.nonce}-first`;
      const wish = { file: fileOf(site), key: idempotencyKey, idempotencyKey };
      const again = await Promise.all([create(site, wish), create(site, wish)]);
      if (again.some(({ id }) => id !== site.trainedJob)) lacks('each request made a job of its own');
    },
  },
  {
    id: 'job-key-conflict',
    area: 'training',
    title: 'another request under that key is a 409, not another job',
    needs: ['job-created-once'],
    async check(site) {
      const wish = { file: fileOf(site), seed: 99, idempotencyKey: `${site.nonce}-first` };
      refused(await postJob(site, wish), [409], 'another seed under the same key');
    },
  },
  {
    id: 'job-unknown-model',
    area: 'errors',
    title: 'a job for an unknown model or an unknown file is refused',
    needs: ['job-trains'],
    async check(site) {
      const unknown = await postJob(site, { file: fileOf(site), model: 'no-such-model-anywhere' });
      refused(unknown, [400, 404, 422], 'an unknown model');
      refused(await postJob(site, { file: 'file-unknown' }), [400, 404, 422], 'an unknown file');
      const missing = await site.wire.send({ method: 'POST', path: '/fine_tuning/jobs', body: { model: site.model } });
      refused(missing, [400, 422], 'no file at all');
    },
  },
  {
    id: 'job-unknown',
    area: 'errors',
    title: 'an unknown job is a 404',
    needs: ['job-trains'],
    async check({ wire }) {
      for (const path of ['', '/events', '/checkpoints']) {
        const reply = await wire.send({ method: 'GET', path: `/fine_tuning/jobs/ftjob-unknown${path}` });
        refused(reply, [404], `GET a job${path}`);
      }
    },
  },
];
