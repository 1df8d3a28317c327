/**
 * Why an answer cannot be used, before its content is read. The reasons are shown in ledger and report: `cut_off`
 * by the token limit, `content_filter` by the endpoint, `declined` by the model, `empty`, `too_long`.
 */

/** More characters than any answer within a token limit of use has: what is longer is a loop or an accident. */
export const longestAnswer = 100_000;

export function unusableReason(answer: { readonly text: string; readonly finishReason: string }): string | null {
  if (answer.finishReason === 'length') return 'cut_off';
  if (answer.finishReason === 'content_filter') return 'content_filter';
  if (answer.finishReason === 'refusal') return 'declined';
  if (answer.text.trim() === '') return 'empty';
  return answer.text.length > longestAnswer ? 'too_long' : null;
}

/** A declining text is short; a long one that begins so goes on to answer. */
const longestRefusal = 1000;

/** Openings of refusals, in the most common languages. Nothing else counts as a refusal. */
const refusals = [
  /^(?:i['’]?m|i am|we['’]?re|we are)\s+(?:\w+\s+)?sorry\b/,
  /^(?:sorry|apologies|my apologies)\b/,
  /^(?:unfortunately,?\s+)?(?:i|we)\s+(?:can['’]?t|cannot|can not|won['’]?t|will not|am not able to|am unable to|must decline|have to decline)\b/,
  /^as an? (?:ai|artificial intelligence|(?:large )?language model)\b/,
  /^(?:es tut mir leid|leider kann ich|ich kann (?:dabei|das|dir|ihnen) nicht)/,
  /^(?:lo siento|no puedo)\b/,
  /^(?:je suis désolé|désolé|je ne peux pas)/,
  /^(?:mi dispiace|non posso)\b/,
  /^(?:对不起|抱歉|很抱歉|我无法|申し訳|すみません)/,
];

/** `declined` where an answer that could not be read opens like a refusal, else `unparseable`. */
export function unreadableReason(text: string): 'declined' | 'unparseable' {
  const opening = text.trim().toLowerCase();
  const declines = text.length <= longestRefusal && refusals.some((refusal) => refusal.test(opening));
  return declines ? 'declined' : 'unparseable';
}
