/** What a teacher wrote about a given text, as a rationale and its answer line, whichever form it came in. */
import { answerLineOf } from '../answers/answers.ts';
import { jsonAnswer } from '../reading/answer-fields.ts';
import { plainText } from '../reading/plain-text.ts';
import { unwrapped } from '../reading/unwrapped.ts';
import { answerLine, withoutAnswerLine } from './answer-line.ts';
import { loosely } from './tagged-text.ts';

export interface Explanation {
  /** Rationale, then the answer line: the shape that trains the student. */
  readonly text: string;
  /** The rationale alone, as it was written: it may hold an answer line of its own. Null where the text is one piece. */
  readonly rationale: string | null;
}

export function readExplanation(text: string): Explanation {
  const closed = answerLineOf(text) !== undefined;
  // A text that closes with its answer may quote an object that has one.
  const fields = jsonAnswer(text, closed ? ['rationale', 'answer'] : ['answer']) ?? (closed ? {} : loosely(text));
  const { rationale = '', answer } = fields;
  if (!answer) return { text: plainText(unwrapped(text)), rationale: null };
  // The answer is on one line: only its first line is read.
  const line = answerLine(answer.replaceAll(/\s+/g, ' '));
  return { text: `${withoutAnswerLine(rationale)}\n${line}`.trimStart(), rationale };
}
