/** OpenAI's Batch API, as the teacher's endpoint serves it (Azure, Groq and Together too). */
import { createReadStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { APIError } from 'openai';
import type OpenAI from 'openai';
import { z } from 'zod';
import type { BatchEndpoint, RemoteBatch } from '../../../activities/ports/batch-endpoint.ts';
import type { Teacher } from '../../../activities/ports/teacher.ts';
import { BaldistillError } from '../../../domain/failures.ts';
import { lineResults } from './batch-lines.ts';
import { clientFor } from '../client.ts';
import type { EndpointAddress } from '../client.ts';
import { endpointName } from '../endpoint-name.ts';
import { troubleOf } from '../errors.ts';

export interface BatchSettings {
  readonly teacher: Pick<Teacher, 'content'>;
  readonly address: () => EndpointAddress;
  readonly unbilled: readonly number[];
}

/** Metadata key under which a batch of ours is found again. */
const batchKey = 'baldistill_key';
const chatUrl = '/v1/chat/completions';

/** How long an unreachable endpoint is retried; a batch has time. */
const retryForMs = 20_000;
const firstWaitMs = 200;
const createTimeoutMs = 30_000;
/** 200 MB over a thin line. */
const uploadTimeoutMs = 3_600_000;
const downloadTries = 5;
/** Clocks differ: a batch created this long before our request may still be ours. */
const clockSkewMs = 3_600_000;

const Count = z.int().nonnegative();
const Batch = z.object({
  id: z.string().min(1),
  status: z.string(),
  created_at: z.number(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  request_counts: z.object({ completed: Count, failed: Count }).nullish().catch(null),
  errors: z
    .object({ data: z.array(z.object({ code: z.string().nullish(), message: z.string().nullish() })).nullish() })
    .nullish()
    .catch(null),
});
type Batch = z.infer<typeof Batch>;
const BatchPage = z.object({ data: z.array(Batch), has_more: z.boolean().nullish() });
const UploadedFile = z.object({ id: z.string().min(1) });

const ended: ReadonlyMap<string, RemoteBatch['status']> = new Map([
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['expired', 'expired'],
  ['cancelled', 'cancelled'],
]);

export function batchEndpoint({ teacher, address, unbilled }: BatchSettings): BatchEndpoint {
  /** Asked again through short outages; only for what may be repeated. */
  async function ask<T>(what: string, request: (client: OpenAI) => Promise<T>): Promise<T> {
    const givesUpAt = Date.now() + retryForMs;
    for (let wait = firstWaitMs; ; wait = Math.min(2_000, wait * 1.5)) {
      try {
        return await request(clientFor(address()));
      } catch (error) {
        const failure = failureOf(what, error);
        if (failure !== null) throw failure;
        const trouble = troubleOf(error);
        if (Date.now() > givesUpAt)
          throw new BaldistillError('EndpointDown', `Batches: ${trouble.message}`, { cause: error });
        await pause(Math.max(trouble.retryAfterMs ?? 0, wait));
      }
    }
  }

  const batchOf = async (remote: string): Promise<Batch> =>
    await ask(`the batch ${remote}`, async (client) =>
      Batch.parse(await client.get(`/batches/${encodeURIComponent(remote)}`)),
    );

  return {
    async probe() {
      const known = await ask('batches', async (client) => {
        try {
          return BatchPage.safeParse(await client.get('/batches', { query: { limit: 1 } })).success;
        } catch (error) {
          if (error instanceof APIError && [404, 405, 501].includes(error.status ?? 0)) return false;
          throw error;
        }
      });
      return known;
    },

    line: (request, customId) => ({
      custom_id: customId,
      method: 'POST',
      url: chatUrl,
      body: teacher.content(request),
    }),

    async find(key, since) {
      let after: string | undefined;
      for (;;) {
        const query = { limit: 100, ...(after === undefined ? {} : { after }) };
        const page = await ask('batches', async (client) => BatchPage.parse(await client.get('/batches', { query })));
        const ours = page.data.find(({ metadata }) => metadata?.[batchKey] === key);
        if (ours !== undefined) return batchName(ours.id);
        const last = page.data.at(-1);
        // Newest first: what follows is older still.
        const older = last === undefined || last.created_at * 1000 < since - clockSkewMs;
        if (older || page.has_more !== true || last.id === after) return null;
        after = last.id;
      }
    },

    upload: async (path) =>
      await ask('files for batches', async (client) => {
        const file = createReadStream(path);
        const uploaded = await client.files.create({ file, purpose: 'batch' }, { timeout: uploadTimeoutMs });
        return UploadedFile.parse(uploaded).id;
      }),

    async create(key, file) {
      const body = {
        input_file_id: file,
        endpoint: chatUrl,
        completion_window: '24h',
        metadata: { [batchKey]: key },
      };
      try {
        const options = { body, headers: { 'Idempotency-Key': key }, timeout: createTimeoutMs };
        const batch = Batch.parse(await clientFor(address()).post('/batches', options));
        return { kind: 'created', remote: batchName(batch.id) };
      } catch (error) {
        const failure = failureOf('batches', error);
        if (failure !== null) throw failure;
        return { kind: 'uncertain', why: troubleOf(error).message };
      }
    },

    status: async (remote) => remoteBatch(await batchOf(remote)),

    async *results(file) {
      for (let tries = 1; ; tries += 1) {
        const content = await ask(`the results file ${file}`, async (client) => await client.files.content(file));
        if (content.body === null) return;
        try {
          yield* lineResults(content.body, unbilled);
          return;
        } catch (error) {
          // An interrupted download restarts; its first lines are then read a second time.
          if (tries < downloadTries) continue;
          const message = `Batches: the results file ${file} breaks off: ${troubleOf(error).message}`;
          throw new BaldistillError('EndpointDown', message, { cause: error });
        }
      }
    },

    async cancel(remote) {
      await ask(`the batch ${remote}`, async (client) => {
        try {
          await client.post(`/batches/${encodeURIComponent(remote)}/cancel`);
        } catch (error) {
          const state = Batch.parse(await client.get(`/batches/${encodeURIComponent(remote)}`));
          if (!ended.has(state.status) && state.status !== 'cancelling') throw error;
        }
      });
    },
  };
}

function batchName(id: string): string {
  return endpointName(id, 'a batch', 'BatchFailed');
}

/** The failure an operator has to fix; null for a temporary one. */
function failureOf(what: string, error: unknown): BaldistillError | null {
  if (error instanceof BaldistillError) return error;
  const { status, failure, message } = troubleOf(error);
  if (status === 404)
    return new BaldistillError('BatchFailed', `The endpoint does not know ${what}: ${message}`, { cause: error });
  if (failure !== null) return new BaldistillError(failure, `Batches: ${message}`, { cause: error });
  if (status === 400 || status === 413 || status === 422)
    return new BaldistillError('RequestRejected', `Batches: ${message}`, { cause: error });
  return null;
}

function remoteBatch(batch: Batch): RemoteBatch {
  const { request_counts: counts, output_file_id: output, error_file_id: error } = batch;
  const first = batch.errors?.data?.[0];
  const code = first?.code ?? 'unknown';
  return {
    status: ended.get(batch.status) ?? 'running',
    done: (counts?.completed ?? 0) + (counts?.failed ?? 0),
    files: [output, error].filter((file) => typeof file === 'string'),
    trouble:
      first === undefined
        ? null
        : { code, message: (first.message ?? code).replaceAll(/[\p{Cc}]/gu, ' ').slice(0, 300) },
  };
}
