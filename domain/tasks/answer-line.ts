/** How a worked answer ends, and the student's target (METHOD.md, "Words" and step 4). */

/** Closes every student prompt. */
export const cue = "Let's think step by step.";

export function answerLine(answer: string): string {
  return `The answer is: ${answer}`;
}

/** What the student is trained to write after its prompt; `rationale: null` teaches the bare answer. */
export function studentTarget(rationale: string | null, answer: string): string {
  return rationale === null || rationale === '' ? answerLine(answer) : `${rationale}\n${answerLine(answer)}`;
}

/** Rationale without its closing answer line, so that a mismatching answer never reaches the student. */
export function withoutAnswerLine(text: string): string {
  const at = text.toLowerCase().lastIndexOf('the answer is');
  return (at === -1 ? text : text.slice(0, at)).trim();
}
