/**
 * A base model before any training: it generates the empty text. Its probabilities are a
 * uniform choice of characters, a quarter of each left for the end of the token: finite, valid, and differing by length.
 */
import type { Student } from './student.ts';
import { hashedWord, markText, splitAtMarks } from './tokens.ts';

const characterLogprob = Math.log(0.75 / 96);
const endLogprob = Math.log(0.25);

export const untrainedStudent: Student = {
  encode(text, pieces) {
    const ids: number[] = [];
    splitAtMarks(
      text,
      (id, piece) => {
        ids.push(id);
        pieces?.push(piece);
      },
      (part) => {
        for (const piece of part.match(/\s*\S+|\s+/g) ?? []) {
          ids.push(hashedWord(piece));
          pieces?.push(piece);
        }
      },
    );
    return ids;
  },
  decode: (id) => markText(id) ?? '�',
  // The length of a hashed token is unknown here; its id is used instead, so the same token always costs the same.
  score: (ids, top) =>
    ids.map((id, at) => {
      if (at === 0) return null;
      const logprob = endLogprob + characterLogprob * (1 + (id % 8));
      return { logprob, top: top > 0 ? [[markText(id) ?? '�', logprob] as const] : [] };
    }),
  generate: () => ({ ids: [], scores: [], finish: 'stop' }),
};
