/**
 * HTML that is escaped by construction: what a template fills in is text, unless it is markup made here. The tag is not
 * called `html`, for the formatter would rewrite such templates, and a hash of the policy would no longer fit.
 */

/** Markup that was made by `markup`, or by a library from escaped text. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | readonly Content[];

/** A template whose values are escaped; `null` is nothing, a list is its parts one after the other. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(
    parts.map((part, index) => (index === 0 ? part : rendered(values[index - 1] ?? null) + part)).join(''),
  );
}

function rendered(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.text;
  return typeof content === 'object' ? content.map(rendered).join('') : escaped(String(content));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text from anywhere as HTML text or a quoted attribute: nothing in it is markup. */
export function escaped(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (mark) => entities[mark] ?? '');
}

/**
 * Control characters as the pictures of themselves (`\u001b` as `␛`), and what turns the direction of text around as
 * U+FFFD: neither a browser, nor a terminal that the text is copied to, obeys them.
 */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replaceAll(/\p{Cc}/gu, (control) => {
      const code = control.codePointAt(0) ?? 0;
      if (control === '\n' || control === '\t') return control;
      return code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\uFFFD';
    })
    .replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\uFFFD');
}

/** Text from data is shortened where there is little room. */
export function shortened(text: string, most: number): string {
  const line = visible(text).replaceAll(/\s+/g, ' ');
  return line.length <= most ? line : `${line.slice(0, most - 1).toWellFormed()}…`;
}
