/** Text of a model as it may be stored, shown and trained on: without control characters and halves of characters. */

/** All control characters but tab and line breaks, and the byte order mark. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const unprintable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFEFF]/g;

export function plainText(text: string): string {
  return text.replaceAll(unprintable, '').toWellFormed();
}
