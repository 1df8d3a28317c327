/** Requests to a student endpoint: retried through short outages, then a failure that an operator can fix. */
import { setTimeout as pause } from 'node:timers/promises';
import { APIError } from 'openai';
import type OpenAI from 'openai';
import { z } from 'zod';
import { BaldistillError } from '../../../domain/failures.ts';
import { clientFor } from '../client.ts';
import type { EndpointAddress } from '../client.ts';
import { troubleOf } from '../errors.ts';

/** Student calls are repeated freely: generation is greedy, and job creation is keyed. */
const retryForMs = 10_000;
const firstWaitMs = 200;

export interface StudentEndpoint {
  /** Parses the answer of a request; null where the endpoint says that this very request is at fault (400, 413, 422). */
  ask<T>(
    schema: z.ZodType<T>,
    signal: AbortSignal,
    request: (client: OpenAI, signal: AbortSignal) => Promise<unknown>,
  ): Promise<T | null>;
  /** Tries something the endpoint may not know: null where it says so with one of `statuses`, or answers in another shape. */
  tryOut<T>(
    schema: z.ZodType<T>,
    request: (client: OpenAI) => Promise<unknown>,
    statuses?: readonly number[],
  ): Promise<T | null>;
  /** As `ask`, for requests that are never the data's fault: throws instead of null. */
  demand<T>(schema: z.ZodType<T>, request: (client: OpenAI) => Promise<unknown>): Promise<T>;
}

/** A failure of ours, also where the client has wrapped it: the account is empty, the ledger is gone. */
function ownFailure(error: unknown): BaldistillError | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof BaldistillError) return cause;
  }
  return undefined;
}

/** How an endpoint says that it does not know a request. */
export const unknown = [404, 405, 501];

export function studentEndpoint(address: () => EndpointAddress): StudentEndpoint {
  async function ask<T>(
    schema: z.ZodType<T>,
    signal: AbortSignal,
    request: (client: OpenAI, signal: AbortSignal) => Promise<unknown>,
  ): Promise<T | null> {
    const givesUpAt = Date.now() + retryForMs;
    for (let wait = firstWaitMs; ; wait = Math.min(2_000, wait * 1.5)) {
      signal.throwIfAborted();
      try {
        return schema.parse(await request(clientFor(address()), signal));
      } catch (error) {
        signal.throwIfAborted();
        const own = ownFailure(error);
        if (own !== undefined) throw own;
        const trouble = troubleOf(error);
        if (trouble.status !== null && [400, 413, 422].includes(trouble.status)) return null;
        if (trouble.failure !== null)
          throw new BaldistillError(trouble.failure, `Student endpoint: ${trouble.message}`, { cause: error });
        if (Date.now() > givesUpAt)
          throw new BaldistillError('EndpointDown', `Student endpoint: ${trouble.message}`, { cause: error });
        await pause(trouble.retryAfterMs ?? wait, undefined, { signal });
      }
    }
  }

  return {
    ask,
    async tryOut(schema, request, statuses = unknown) {
      const never = new AbortController().signal;
      const answer = await ask(z.unknown(), never, async (client) => {
        try {
          return await request(client);
        } catch (error) {
          if (error instanceof APIError && statuses.includes(error.status ?? 0)) return null;
          throw error;
        }
      });
      return schema.safeParse(answer).data ?? null;
    },
    async demand(schema, request) {
      const answer = await ask(schema, new AbortController().signal, request);
      if (answer === null)
        throw new BaldistillError('RequestRejected', 'The student endpoint rejects the request as malformed.');
      return answer;
    },
  };
}
