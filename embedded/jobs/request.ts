/** What a client asks of a fine-tuning job, and the names that follow from it. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import { fineTunedModelId, isStudentBase, type EmbeddedStudentBase } from '../../contracts/run/embedded-models.ts';
import { ApiError, modelNotFound } from '../api-error.ts';
import type { TrainingOptions } from '../students/training.ts';

const Setting = z.union([z.literal('auto'), z.number()]).optional();
const Hyperparameters = z
  .object({ n_epochs: Setting, batch_size: Setting, learning_rate_multiplier: Setting })
  .optional();

export const JobRequest = z.object({
  model: z.string(),
  training_file: z.string(),
  validation_file: z.string().nullish(),
  seed: z.int().nullish(),
  suffix: z.string().max(64).nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  method: z
    .object({ type: z.string(), supervised: z.object({ hyperparameters: Hyperparameters }).optional() })
    .nullish(),
  /** The older place of the same settings. */
  hyperparameters: Hyperparameters,
});
export type JobRequest = z.infer<typeof JobRequest>;

export interface TrainingPlan extends TrainingOptions {
  readonly base: EmbeddedStudentBase;
  readonly model: string;
  readonly fingerprint: string;
}

export function hyperparametersOf(request: JobRequest): NonNullable<z.infer<typeof Hyperparameters>> {
  return request.method?.supervised?.hyperparameters ?? request.hyperparameters ?? {};
}

/**
 * The same training always has the same name: base, file, seed, suffix and epochs make the fingerprint. Learning rate
 * and batch size are accepted and not used. Throws 404 for an unknown model, 400 for one that cannot be trained further.
 */
export function planTraining(request: JobRequest): TrainingPlan {
  const base = request.model;
  if (base.startsWith('ft:')) {
    throw new ApiError(400, 'The embedded students are trained from their base; continuing a model is not supported.', {
      code: 'model_not_tunable',
      param: 'model',
    });
  }
  if (!isStudentBase(base)) throw modelNotFound(base);
  if (request.method && request.method.type !== 'supervised') {
    throw new ApiError(400, `Method '${request.method.type}' is not supported: supervised only.`, { param: 'method' });
  }
  const asked = hyperparametersOf(request).n_epochs;
  const epochs = typeof asked === 'number' ? Math.max(1, Math.round(asked)) : null;
  const seed = request.seed ?? 0;
  const suffix = request.suffix ?? '';
  const fingerprint = hash('sha256', JSON.stringify([base, request.training_file, seed, suffix, epochs])).slice(0, 12);
  return { base, seed, epochs, fingerprint, model: fineTunedModelId(base, suffix, fingerprint) };
}
