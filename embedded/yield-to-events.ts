import { setImmediate as nextTurn } from 'node:timers/promises';

const longestMs = 15;

/** Gives the event loop a turn whenever 15 ms have passed since the last one: call it between pieces of long work. */
export class Breathing {
  #since = performance.now();

  get due(): boolean {
    return performance.now() - this.#since >= longestMs;
  }

  async rest(): Promise<void> {
    if (!this.due) return;
    await nextTurn();
    this.#since = performance.now();
  }
}
