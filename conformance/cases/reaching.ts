import type { ContractCase } from '../case.ts';
import { breaks, demand, lacks } from '../case.ts';
import { granted, isRefused, said } from '../requests/replies.ts';
import { ModelList } from '../requests/shapes.ts';

/** The first check: where it fails, no other one runs. */
export const reached = 'reached';

export const reachingCases: readonly ContractCase[] = [
  {
    id: reached,
    area: 'reaching it',
    title: 'it answers, and takes the key',
    async check({ wire }) {
      const reply = await wire.send({ method: 'GET', path: '/models' });
      if (reply.status === 401 || reply.status === 403) breaks(`it refuses the key: ${said(reply)}`);
      demand(reply.status < 500, `GET /models: answered ${said(reply)}`);
    },
  },
  {
    id: 'model-listed',
    area: 'reaching it',
    title: 'lists its models, and this one among them',
    loss: 'A wrong model name is noticed by the first request that uses it.',
    async check(site) {
      const reply = await site.wire.send({ method: 'GET', path: '/models' });
      const { data } = granted(reply, ModelList, 'GET /models');
      const model = data.find(({ id }) => id === site.model);
      if (model === undefined) lacks(`${data.length} models, and ${site.model} is not among them`);
      site.contextLength = model.max_model_len ?? undefined;
      return data.length === 1 ? '1 model' : `${data.length} models`;
    },
  },
  {
    id: 'unknown-address',
    area: 'errors',
    title: 'an unknown path is a 404',
    async check({ wire }) {
      const reply = await wire.send({ method: 'GET', path: '/nowhere-at-all' });
      demand(isRefused(reply), `answered ${said(reply)}`);
    },
  },
];
