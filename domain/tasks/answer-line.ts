/** How a worked answer ends, and the student's target. */
import { splitAtAnswer } from '../answers/answers.ts';

/** Closes every student prompt. */
export const cue = "Let's think step by step.";

export function answerLine(answer: string): string {
  return `The answer is: ${answer}`;
}

/** What the student is trained to write after its prompt; `rationale: null` teaches the bare answer. */
export function studentTarget(rationale: string | null, answer: string): string {
  return rationale === null || rationale === '' ? answerLine(answer) : `${rationale}\n${answerLine(answer)}`;
}

/**
 * What belongs to `answer is`: `So the correct answer is` leaves `So`. Looked for in the last characters only: the pattern
 * takes quadratic time in a row of asterisks.
 */
const lead = /[*_]*(?:\b(?:the|my|our)\s+)?(?:\b(?:correct|right|final|best)\s+){0,2}$/i;
const longestLead = 100;

/**
 * Rationale without the answer line that is read from it, so that a mismatching answer never reaches the student. A line
 * that goes on is one only with a colon: `the answer is not obvious, because` belongs to the rationale.
 */
export function withoutAnswerLine(text: string): string {
  const split = splitAtAnswer(text.trim());
  if (split === undefined) return text.trim();
  const closing = /^\s*:/.test(split.after) || !/[\n\r\u2028\u2029]/.test(split.after);
  if (!closing) return text.trim();
  const [rest, end] = [split.before.slice(0, -longestLead), split.before.slice(-longestLead)];
  return (rest + end.replace(lead, '')).trim();
}
