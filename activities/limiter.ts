/**
 * The limiter of one endpoint, shared by all slices of a worker: so many calls at the same time, and none before a
 * moment the endpoint asked to wait for (`Retry-After`).
 */
export interface Limiter {
  /** Resolves with a release when a call may start; rejects with the signal's reason when it is aborted first. */
  acquire(signal: AbortSignal): Promise<() => void>;
  /** Nobody starts a call for so long; a longer hold wins over a shorter one. */
  hold(milliseconds: number): void;
}

export function createLimiter(concurrency: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  let heldUntil = 0;
  let timer: NodeJS.Timeout | undefined;

  function admit(): void {
    const wait = heldUntil - Date.now();
    if (wait > 0) {
      timer ??= setTimeout(() => {
        timer = undefined;
        admit();
      }, wait);
      return;
    }
    while (running < concurrency) {
      const next = waiting.shift();
      if (next === undefined) return;
      running += 1;
      next();
    }
  }

  function release(): void {
    running -= 1;
    admit();
  }

  return {
    async acquire(signal) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const admitted = (): void => {
          signal.removeEventListener('abort', aborted);
          resolve();
        };
        const aborted = (): void => {
          waiting.splice(waiting.indexOf(admitted), 1);
          reject(signal.reason);
        };
        signal.addEventListener('abort', aborted, { once: true });
        waiting.push(admitted);
        admit();
      });
      return once(release);
    },
    hold(milliseconds) {
      heldUntil = Math.max(heldUntil, Date.now() + milliseconds);
      admit();
    },
  };
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
