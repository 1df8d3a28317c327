import { setTimeout as wait } from 'node:timers/promises';

/** Looks every 20 ms; resolves to whether it came true in time. */
export async function until(isSo: () => boolean, withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (!isSo()) {
    if (Date.now() > end) return false;
    await wait(20);
  }
  return true;
}
