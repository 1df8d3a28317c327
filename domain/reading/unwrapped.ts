import { answerLineOf } from '../answers/answers.ts';

/** A text with an answer line without what models put around it: thoughts aloud, and a fence, closed or not. */
export function unwrapped(text: string): string {
  const spoken = text.replace(/^\s{0,99}<think>(?:(?!<think>)[\s\S])*?<\/think>/, '');
  const inside = /```\w{0,12}[ \t]{0,9}\r?\n([\s\S]*?)(?:```|$)/.exec(spoken)?.[1];
  // A fence within a rationale is a part of it.
  return inside !== undefined && answerLineOf(inside) !== undefined ? inside : spoken;
}
