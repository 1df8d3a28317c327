/** Sampling parameters: applied or refused, never ignored in silence. */
import type { ContractCase } from '../case.ts';
import { demand, lacks, unasked } from '../case.ts';
import { faces } from '../requests/ask.ts';
import { isRefused, refused, said } from '../requests/replies.ts';
import { prompt } from '../requests/samples.ts';

const length = 40;

export const samplingCases: readonly ContractCase[] = [
  {
    id: 'n',
    area: 'writing',
    title: '`n` gives as many choices',
    async check(site) {
      for (const face of faces(site)) {
        const reply = await face.post(prompt, { n: 2, max_tokens: 4, temperature: 1 });
        const indexes = face.read(reply, `${face.name} with n = 2`).map(({ index }) => index);
        demand(indexes.join() === '0,1', `${face.name}: n = 2 gave the choices ${indexes.join(', ')}`);
      }
    },
  },
  {
    id: 'stop',
    area: 'writing',
    title: 'ends before a `stop` text',
    async check(site) {
      let asked = 0;
      for (const face of faces(site)) {
        const whole = face.read(await face.post(prompt, { max_tokens: length }), face.name)[0]?.text ?? '';
        const stop = whole
          .slice(Math.floor(whole.length / 2))
          .trim()
          .slice(0, 4);
        // Half a character is no stop text.
        if (stop === '' || stop.includes('\ufffd') || !site.held.has('greedy')) continue;
        for (const given of [stop, ['never written, never', stop]]) {
          const reply = await face.post(prompt, { max_tokens: length, stop: given });
          const cut = face.read(reply, `${face.name} with stop`)[0];
          const wanted = whole.slice(0, whole.indexOf(stop));
          demand(cut?.text === wanted, `${face.name}: stop ${JSON.stringify(stop)} left ${JSON.stringify(cut?.text)}`);
          demand(cut.finish === 'stop', `${face.name}: ended at a stop text, and says "${cut.finish}"`);
          asked += 1;
        }
      }
      if (asked === 0) unasked('it wrote nothing to stop at');
    },
  },
  {
    id: 'seed',
    area: 'writing',
    title: 'the same `seed` writes the same at temperature 1',
    loss: 'An answer that is lost cannot be had a second time. Answers that were paid are kept all the same.',
    async check(site) {
      for (const face of faces(site)) {
        const more = { max_tokens: length, temperature: 1, seed: 7 };
        const what = `${face.name} with seed`;
        const [first] = face.read(await face.post(prompt, more), what);
        const [second] = face.read(await face.post(prompt, more), what);
        if (first?.text !== second?.text) lacks(`${face.name}: one seed, two texts`);
      }
    },
  },
  {
    id: 'stream',
    area: 'writing',
    title: 'streams, or refuses to',
    async check(site) {
      const ways = [];
      for (const face of faces(site)) {
        const reply = await face.post(prompt, { max_tokens: 4, stream: true });
        if (isRefused(reply)) {
          refused(reply, [400, 404, 422, 501], `${face.name} with stream`);
          ways.push(`${face.name} refuses`);
          continue;
        }
        demand(reply.status === 200, `${face.name} with stream: answered ${said(reply)}`);
        const events = reply.contentType.startsWith('text/event-stream') && reply.text.includes('data: [DONE]');
        demand(events, `${face.name}: asked to stream, it answered ${reply.contentType} as if it had not been`);
        ways.push(`${face.name} streams`);
      }
      return ways.join(', ');
    },
  },
  {
    id: 'unknown-parameter',
    area: 'writing',
    title: 'an unknown parameter is ignored, or refused with its name',
    async check(site) {
      for (const face of faces(site)) {
        const reply = await face.post(prompt, { max_tokens: 2, no_such_parameter_anywhere: [1] });
        if (reply.status === 200) continue;
        refused(reply, [400, 422], `${face.name} with an unknown parameter`);
      }
    },
  },
];
