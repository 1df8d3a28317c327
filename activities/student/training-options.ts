/** Training options that the OpenAI protocol cannot express, for endpoints that accept them. */
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Student, TrainingOptions } from '../ports/student.ts';

/**
 * Only what differs from what every endpoint does: loss on the completion, and its own way with chat messages. The
 * endpoint is not asked where no option is needed. Throws `InvalidInput` where it does not accept `loss: full`.
 */
export async function trainingOptions(
  student: Student,
  { student: config, switches: { loss, format } }: Pick<RunSpec, 'student' | 'switches'>,
  model: string,
): Promise<TrainingOptions> {
  if ('driver' in config || 'embedded' in config) return {};
  if (loss === 'completion' && format === 'text') return {};
  const known = await student.supportedHyperparameters(model);
  if (loss === 'full' && !known.includes('loss')) {
    throw new BaldistillError(
      'InvalidInput',
      `The student endpoint does not say that it takes \`loss\` for ${model}, so it may learn the completion only; ` +
        'use `loss: completion`, or the student server.',
    );
  }
  return {
    ...(loss === 'full' ? { loss } : {}),
    // A hosted endpoint has its own chat template, and uses it anyway.
    ...(format === 'chat' && known.includes('template') ? { template: 'chat' as const } : {}),
  };
}
