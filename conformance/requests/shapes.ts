/** What an answer has to look like for a run to use it. Stricter than student-shapes.ts, which makes do with less. */
import { z } from 'zod';

const Count = z.int().nonnegative();

export const Usage = z.object({ prompt_tokens: Count, completion_tokens: Count, total_tokens: Count });

export const ModelList = z.object({ data: z.array(z.object({ id: z.string(), max_model_len: z.int().nullish() })) });

const TopLogprob = z.object({ token: z.string(), logprob: z.number() });
export const ChatAnswer = z.object({
  id: z.string(),
  choices: z
    .array(
      z.object({
        index: z.int(),
        message: z.object({ role: z.literal('assistant'), content: z.string().nullable() }),
        finish_reason: z.enum(['stop', 'length', 'content_filter']),
        logprobs: z
          .object({ content: z.array(TopLogprob.extend({ top_logprobs: z.array(TopLogprob) })).nullable() })
          .nullish(),
      }),
    )
    .min(1),
});

export const Logprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  text_offset: z.array(z.int()).nullish(),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
});
export type Logprobs = z.infer<typeof Logprobs>;

export const TextAnswer = z.object({
  id: z.string(),
  choices: z
    .array(
      z.object({
        index: z.int(),
        text: z.string(),
        finish_reason: z.enum(['stop', 'length', 'content_filter']),
        logprobs: Logprobs.nullish(),
        token_ids: z.array(Count).nullish(),
        prompt_token_ids: z.array(Count).nullish(),
      }),
    )
    .min(1),
});
export type TextChoice = z.infer<typeof TextAnswer>['choices'][number];

export const Tokens = z.object({ tokens: z.array(Count), max_model_len: z.int().nullish() });

export const UploadedFile = z.object({
  id: z.string().min(1),
  object: z.literal('file'),
  bytes: Count,
  filename: z.string(),
  purpose: z.literal('fine-tune'),
});

/** `paused` and others may come: an unknown status is one of a job that continues. */
export const TuningJob = z.object({
  id: z.string().min(1),
  object: z.literal('fine_tuning.job'),
  model: z.string(),
  status: z.string(),
  fine_tuned_model: z.string().nullable(),
  training_file: z.string(),
  trained_tokens: Count.nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  error: z.object({ message: z.string().nullish(), code: z.string().nullish() }).nullish(),
});
export type TuningJob = z.infer<typeof TuningJob>;
export const TuningJobs = z.object({ data: z.array(TuningJob) });

export const TuningEvents = z.object({
  data: z.array(
    z.object({ id: z.string().min(1), message: z.string(), type: z.string().nullish(), data: z.unknown().optional() }),
  ),
  has_more: z.boolean().nullish(),
});
export const LossPoint = z.object({ step: z.number(), train_loss: z.number() });

export const Checkpoints = z.object({
  data: z.array(z.object({ fine_tuned_model_checkpoint: z.string(), step_number: z.number() })),
});
