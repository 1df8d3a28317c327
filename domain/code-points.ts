/** Length in code points, the unit of OpenAI's `text_offset`; JavaScript counts UTF-16 units. */
export function codePointLength(text: string): number {
  if (!/[\ud800-\udbff]/.test(text)) return text.length;
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}
