import { ApiError } from '../api-error.ts';
import type { TeacherQuestion } from './question.ts';

/** An embedded teacher. Its answer is a function of the question alone; what it cannot answer is never billed. */
export interface EmbeddedTeacher {
  /** `system_fingerprint` of its answers: says what it is. */
  readonly fingerprint: string;
  /** Throws `ApiError` 400 or 422. */
  answer(question: TeacherQuestion): string;
}

export function supplyExhausted(label: string, ordinal: number): ApiError {
  return new ApiError(422, `No text is left to hand out for '${label}': ordinal ${ordinal} is past the end.`, {
    code: 'supply_exhausted',
  });
}
