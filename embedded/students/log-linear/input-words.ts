/** Which words of the inputs may serve the log-linear student as features: those that say how its target ends. */
import { inputOf, type TrainingRow } from '../training.ts';
import { normalWord, tokensOf } from './words.ts';

export class InputWords {
  #rows = 0;
  readonly #endings = new Map<string, number>();
  readonly #words = new Map<number, Map<string, number>>();

  /** `ending`: the last word of the row's target, for a class its label. */
  count(row: TrainingRow, ending: string): void {
    this.#rows += 1;
    this.#endings.set(ending, (this.#endings.get(ending) ?? 0) + 1);
    for (const word of new Set(tokensOf(inputOf(row.prompt)).map(normalWord))) {
      const counts = this.#words.get(word) ?? new Map<string, number>();
      counts.set(ending, (counts.get(ending) ?? 0) + 1);
      this.#words.set(word, counts);
    }
  }

  /** Words that occur more than once, by what they say about the ending (G statistic), the most telling first. */
  *ranked(): Generator<undefined, number[]> {
    const scored: { word: number; gain: number }[] = [];
    for (const [word, counts] of this.#words) {
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
      if (total > 1) scored.push({ word, gain: this.#gain(counts, total) });
      if (scored.length % 1000 === 0) yield undefined;
    }
    return scored.sort((a, b) => b.gain - a.gain || a.word - b.word).map(({ word }) => word);
  }

  #gain(counts: Map<string, number>, total: number): number {
    let gain = 0;
    for (const [ending, count] of counts) {
      gain += count * Math.log((count * this.#rows) / (total * (this.#endings.get(ending) ?? 1)));
    }
    return gain;
  }
}
