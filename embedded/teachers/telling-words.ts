/** The words of a text that indicate its class: log odds of a word in the class against all other classes. */

const wordPattern = /[a-z]{3,}/g;
const smoothing = 0.5;
const mostWords = 4;
const fewestWords = 2;

export class TellingWords {
  readonly #labels: string[];
  readonly #totals: Float64Array;
  readonly #all: number;
  /** Where the counts of a word begin: one count a label, then the next word's. */
  readonly #starts = new Map<string, number>();
  readonly #counts: Uint32Array;

  constructor(rows: readonly { readonly input: string; readonly answer: string }[]) {
    this.#labels = [...new Set(rows.map((row) => row.answer))].sort();
    this.#totals = new Float64Array(this.#labels.length);
    const indices = new Map(this.#labels.map((label, index) => [label, index]));
    const seen: number[] = [];
    for (const row of rows) {
      const label = indices.get(row.answer) ?? 0;
      for (const word of row.input.toLowerCase().match(wordPattern) ?? []) {
        let start = this.#starts.get(word);
        if (start === undefined) this.#starts.set(word, (start = this.#starts.size * this.#labels.length));
        seen.push(start + label);
        this.#totals[label] = (this.#totals[label] ?? 0) + 1;
      }
    }
    this.#all = seen.length;
    this.#counts = new Uint32Array(this.#starts.size * this.#labels.length);
    for (const at of seen) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** Two to four words of the text, the most informative first; fewer only where the text has fewer. */
  of(text: string, label: string): string[] {
    const index = this.#labels.indexOf(label);
    const words = [...new Set(text.toLowerCase().match(wordPattern))];
    const scored = words
      .map((word) => ({ word, odds: this.#logOdds(word, index) }))
      .sort((a, b) => b.odds - a.odds || (a.word < b.word ? -1 : 1));
    return scored
      .filter(({ odds }, rank) => rank < fewestWords || (rank < mostWords && odds > 0))
      .map(({ word }) => word);
  }

  #logOdds(word: string, label: number): number {
    const start = this.#starts.get(word);
    const counts = start === undefined ? new Uint32Array() : this.#counts.subarray(start, start + this.#labels.length);
    const inside = counts[label] ?? 0;
    const outside = counts.reduce((sum, count) => sum + count, 0) - inside;
    const total = this.#totals[label] ?? 0;
    return Math.log((inside + smoothing) / (total + 1)) - Math.log((outside + smoothing) / (this.#all - total + 1));
  }
}
