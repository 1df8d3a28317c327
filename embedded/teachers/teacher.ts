import { ApiError } from '../api-error.ts';
import type { TeacherQuestion } from './question.ts';

export interface SpokenAnswer {
  readonly text: string;
  /** Whether the rationale was recorded or generated here; `system_fingerprint` says which. */
  readonly source: 'recorded' | 'simulated';
  /** Said word for word, whatever form was asked for. */
  readonly scripted?: boolean;
  /** As the protocol has it; `stop`, or `length` beyond the token limit, unless given. */
  readonly finishReason?: string;
  /** `message.refusal`, in place of any content. */
  readonly refusal?: string;
}

/** An embedded teacher. Its answer is a function of the question alone; what it cannot answer is never billed. */
export interface EmbeddedTeacher {
  /** Throws `ApiError` 400 or 422. */
  answer(question: TeacherQuestion): SpokenAnswer;
}

export function supplyExhausted(domain: string, ordinal: number): ApiError {
  return new ApiError(422, `No text is left to hand out for '${domain}': ordinal ${ordinal} is past the end.`, {
    code: 'supply_exhausted',
  });
}
