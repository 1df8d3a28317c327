/** The letters of a multiple-choice question; features are words of question and choice, and how the choices differ. */
import { choiceLetter } from '../../../domain/answers/choice-answer.ts';
import { promptParts } from '../prompt-parts.ts';
import { both, contentWords, Features, named } from './candidate.ts';
import type { Candidate, Candidates } from './candidate.ts';
import { glossOf } from './glosses.ts';

const mostQuestionWords = 16;
const overlap = named('overlap');
const share = named('share');
const longest = named('longest');
const shortest = named('shortest');
const wordsMark = named('word');
const pairMark = named('pair');
const lengthMark = named('length');

const explainedMark = named('explained');
const explainsMark = named('explains');

export const choiceCandidates: Candidates = {
  of(prompt) {
    const { question, choices } = promptParts(prompt);
    const asked = [...new Set(contentWords(question))].slice(0, mostQuestionWords);
    const known = new Set(asked);
    const lengths = choices.map((choice) => choice.length);
    return choices.map((choice, index): Candidate => {
      const words = [...new Set(contentWords(choice))];
      const shared = words.filter((word) => known.has(word)).length;
      const found = new Features();
      found.add(overlap, shared);
      found.add(share, words.length === 0 ? 0 : shared / words.length);
      found.add(lengthMark, Math.log(1 + choice.length));
      if (choice.length === Math.max(...lengths)) found.add(longest);
      if (choice.length === Math.min(...lengths)) found.add(shortest);
      found.add(explainedMark, explained(words, asked));
      found.add(explainsMark, explained(asked, words));
      const weight = 1 / Math.sqrt(1 + words.length);
      for (const word of words) {
        const mark = both(wordsMark, named(word));
        found.add(mark, weight);
        for (const other of asked)
          found.add(both(pairMark, both(named(other), mark)), weight / Math.sqrt(1 + asked.length));
      }
      return { answer: choiceLetter(index), features: found.features, values: found.values };
    });
  },
};

/** How much of the explanations of `words` is said in `others`, a word. */
function explained(words: readonly string[], others: readonly string[]): number {
  let sum = 0;
  for (const word of words) {
    const gloss = glossOf(word);
    if (gloss.size === 0) continue;
    let weight = 0;
    for (const other of others) weight += other === word ? 0 : (gloss.get(other) ?? 0);
    sum += weight / Math.sqrt(gloss.size);
  }
  return words.length === 0 ? 0 : sum / Math.sqrt(words.length);
}
