/** The fields read from a student endpoint's answers; all others are ignored. */
import { z } from 'zod';

const Logprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  text_offset: z.array(z.number()).nullish(),
});

export const CompletionList = z.object({
  choices: z.array(
    z.object({
      index: z.number(),
      text: z.string(),
      finish_reason: z.string().nullish(),
      logprobs: Logprobs.nullish(),
      /** vLLM's `return_token_ids`. */
      token_ids: z.array(z.number()).nullish(),
    }),
  ),
});
export type CompletionChoice = z.infer<typeof CompletionList>['choices'][number];

export const ChatCompletion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish() }),
        finish_reason: z.string().nullish(),
        logprobs: z
          .object({ content: z.array(z.object({ token: z.string(), logprob: z.number() })).nullish() })
          .nullish(),
      }),
    )
    .min(1),
});

export const Tokens = z.object({ tokens: z.array(z.number()) });
export const UploadedFile = z.object({ id: z.string() });

/** Of the student server: names of the hyperparameters it takes beside OpenAI's. */
export const TunableModel = z.object({ tunable: z.array(z.string()) });

/** Tokens of one fine-tuning job: more than any file that an endpoint takes has in all its epochs. */
const mostTrainedTokens = 10_000_000_000;

export const Job = z.object({
  id: z.string(),
  status: z.string(),
  fine_tuned_model: z.string().nullish(),
  /** An unreadable value counts as absent: one foreign job must not make the whole list unreadable. */
  trained_tokens: z.int().nonnegative().max(mostTrainedTokens).nullish().catch(null),
  error: z.object({ message: z.string().nullish() }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type Job = z.infer<typeof Job>;
export const JobList = z.object({ data: z.array(Job) });

export const EventList = z.object({
  data: z.array(z.object({ id: z.string(), type: z.string().nullish(), data: z.unknown().optional() })),
  has_more: z.boolean().nullish(),
});
export const LossEvent = z.object({ step: z.number(), train_loss: z.number() });
