/** Rows that a teacher hands out as synthetic rows, per label, in an order of their own for every run seed. */
import { seededRandom } from '../../domain/random.ts';

const keptOrders = 512;

export class Reserve<T> {
  readonly #byLabel: Map<string, T[]>;
  readonly #orders = new Map<string, T[]>();

  constructor(rows: Iterable<T>, labelOf: (row: T) => string) {
    this.#byLabel = Map.groupBy(rows, labelOf);
  }

  get labels(): string[] {
    return [...this.#byLabel.keys()];
  }

  rows(label: string): readonly T[] {
    return this.#byLabel.get(label) ?? [];
  }

  /** Row `ordinal` of the label as permuted by the run's seed; `undefined` past the end. */
  take(label: string, runSeed: number, ordinal: number): T | undefined {
    const key = `${runSeed}/${label}`;
    let order = this.#orders.get(key);
    if (!order) {
      order = seededRandom(runSeed, 'reserve', label).shuffle(this.rows(label));
      const oldest = this.#orders.keys().next();
      if (this.#orders.size >= keptOrders && !oldest.done) this.#orders.delete(oldest.value);
      this.#orders.set(key, order);
    }
    return order[ordinal];
  }
}
