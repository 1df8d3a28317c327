/** How many calls are worked on at the same time: the others queue, so that more in flight only makes them slower. */
export class Workplaces {
  /** Null: as many as come. */
  #places: number | null = null;
  #busy = 0;
  readonly #queue: (() => void)[] = [];

  set places(places: number | null) {
    this.#places = places;
    this.#call();
  }

  get places(): number | null {
    return this.#places;
  }

  /** Resolves, in the order of asking, to what gives the place back. */
  async enter(): Promise<() => void> {
    await new Promise<void>((resolve) => {
      this.#queue.push(resolve);
      this.#call();
    });
    return () => {
      this.#busy -= 1;
      this.#call();
    };
  }

  #call(): void {
    while (this.#busy < (this.#places ?? Infinity)) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#busy += 1;
      next();
    }
  }
}
