import { z } from 'zod';

const Part = z.object({ type: z.literal('text'), text: z.string() });
const Content = z
  .union([z.string(), z.array(Part)])
  .nullish()
  .transform((content) => (typeof content === 'string' ? content : (content ?? []).map((part) => part.text).join('')));

export const ChatMessages = z.array(z.object({ role: z.string(), content: Content })).min(1);

const ResponseFormat = z.union([
  z.object({ type: z.enum(['text', 'json_object']) }),
  z.object({ type: z.literal('json_schema'), json_schema: z.object({ name: z.string(), schema: z.looseObject({}) }) }),
]);

/** The fields of a chat completion that mean something here; all others are accepted and have no effect. */
export const ChatRequest = z.object({
  model: z.string(),
  messages: ChatMessages,
  n: z.literal(1, 'only n = 1 is supported').nullish(),
  stream: z.literal(false, 'streaming is not supported by the embedded endpoint').nullish(),
  seed: z.int().nonnegative().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  max_tokens: z.int().nonnegative().nullish(),
  max_completion_tokens: z.int().nonnegative().nullish(),
  response_format: ResponseFormat.nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;
