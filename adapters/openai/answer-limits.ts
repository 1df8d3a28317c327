/** What an answer may take of time and memory. An endpoint that is broken or hostile could otherwise send for ever. */

/** An answer had begun and was not complete when its time was over. */
export class AnswerTooLate extends Error {
  constructor() {
    super('The answer was not complete in time.');
    this.name = 'AnswerTooLate';
  }
}

/** An answer was longer, decompressed, than anything the request can mean. */
export class AnswerTooLarge extends Error {
  constructor(mostBytes: number) {
    super(`The answer was longer than ${mostBytes} bytes.`);
    this.name = 'AnswerTooLarge';
  }
}

/** Bytes of an answer that is read whole: 64 prompts with log probabilities of every token stay below. */
export const mostAnswerBytes = 64 * 1024 * 1024;

/** Bytes of a file that is read line by line, such as the results of a batch. */
export const mostFileBytes = 1024 * 1024 * 1024;

/**
 * Bytes of a chat answer of `maxTokens` tokens: a token is rarely longer than 20 bytes, JSON writes a byte as up to 6, and
 * reasoning models send their thinking beside the answer.
 */
export function chatAnswerBytes(maxTokens: number): number {
  return 1024 * 1024 + 1024 * maxTokens;
}

/** The same response, whose body fails with `AnswerTooLarge` instead of going beyond the limit. */
export function bounded(response: Response, mostBytes: number): Response {
  const { body, status, statusText, headers } = response;
  if (body === null) return response;
  let bytes = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw new AnswerTooLarge(mostBytes);
      controller.enqueue(chunk);
    },
  });
  return new Response(body.pipeThrough(limit), { status, statusText, headers });
}
