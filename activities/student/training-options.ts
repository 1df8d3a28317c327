/** Training options that the OpenAI protocol cannot express, for endpoints that accept them. */
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Student, TrainingOptions } from '../ports/student.ts';

/**
 * Returns only options that differ from the default of every endpoint: loss on the completion, own chat template. Sends
 * no request if no option is needed. Throws `InvalidInput` if the endpoint does not accept `loss: full`.
 */
export async function trainingOptions(
  student: Student,
  { student: config, switches: { loss, format } }: Pick<RunSpec, 'student' | 'switches'>,
  model: string,
): Promise<TrainingOptions> {
  if ('driver' in config || 'embedded' in config) return {};
  if (loss === 'completion' && format === 'text') return {};
  const supported = await student.supportedHyperparameters(model);
  if (loss === 'full' && !supported.includes('loss')) {
    throw new BaldistillError(
      'InvalidInput',
      `The student endpoint does not list \`loss\` among its hyperparameters for ${model}, so it may train on the ` +
        'completion only. Use `loss: completion`, or the student server.',
    );
  }
  return {
    ...(loss === 'full' ? { loss } : {}),
    // A hosted endpoint applies its own chat template anyway.
    ...(format === 'chat' && supported.includes('template') ? { template: 'chat' as const } : {}),
  };
}
