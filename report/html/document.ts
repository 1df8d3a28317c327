/** Builds the page of a report: one file without network access. Its policy allows only the script and style written here. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { markup, Markup } from './markup.ts';
import type { Content } from './markup.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
// Print styles come last, because they override screen styles.
const style = ['page', 'tables', 'print'].map((name) => read(`style/${name}.css`)).join('\n');
const script = read('page.js');

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const policy = [
  "default-src 'none'",
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(script)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export interface Section {
  /** Anchor of the section. */
  readonly id: string;
  readonly title: string;
  readonly content: Content;
}

/** A whole page, as the text of its file. */
export function documentOf(page: {
  title: string;
  header: Content;
  sections: readonly Section[];
  footer: Content;
}): string {
  const { title, header, sections, footer } = page;
  // The style and script elements must contain exactly the text that was hashed.
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#${sections[0]?.id ?? ''}">Skip to the content</a>
<header>
${header}
<nav aria-label="Sections">${sections.map(({ id, title: name }) => markup`<a href="#${id}">${name}</a> `)}</nav>
</header>
<main>
${sections.map(sectionOf)}</main>
<footer>${footer}</footer>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

function sectionOf({ id, title, content }: Section): Markup {
  return markup`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content}
</section>
`;
}
