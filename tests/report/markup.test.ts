import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { escaped, markup, shortened } from '../../report/html/markup.ts';
import { allHostile } from './hostile.ts';

const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constant(allHostile));

test('the HTML of any text has no tags, quotes or control characters', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const made = markup`<p title="${text}">${[text, null, 1]}</p>`.text;
      const inner = made.slice('<p title="'.length, -'</p>'.length).replace('">', '');
      expect(inner).not.toMatch(/[<>"']/);
      expect(inner.replaceAll(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
      expect(inner.replaceAll(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});

test('harmless text is unchanged, and markup is not escaped twice', () => {
  expect(escaped('Übergröße, 日本語, e\u0301, 👩‍🔬')).toBe('Übergröße, 日本語, e\u0301, 👩‍🔬');
  expect(markup`<b>${markup`<i>${'a & b'}</i>`}</b>`.text).toBe('<b><i>a &amp; b</i></b>');
});

test('a shortened text is one line within its length', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 60 }), (text, most) => {
      const short = shortened(text, most);
      expect(short.length).toBeLessThanOrEqual(most);
      expect(short).not.toMatch(/[\n\t]/);
      expect(short.isWellFormed()).toBe(true);
    }),
  );
});
