/** Prompts per request, for endpoints that accept arrays. */
const batchSize = 64;

/** Processes items in batches, `concurrency` at a time; results in order. Stops at the signal, throws the first failure. */
export async function inBatches<T, R>(
  items: readonly T[],
  concurrency: number,
  signal: AbortSignal,
  work: (batch: readonly T[]) => Promise<R>,
): Promise<R[]> {
  const batches: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += batchSize) batches.push(items.slice(at, at + batchSize));
  const results: R[] = [];
  let next = 0;
  async function lane(): Promise<void> {
    for (let index = next++; index < batches.length; index = next++) {
      signal.throwIfAborted();
      results[index] = await work(batches[index] ?? []);
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, batches.length) }, lane));
  return results;
}
