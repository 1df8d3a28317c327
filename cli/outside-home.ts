import { withUmask } from '../adapters/processes/owner-umask.ts';
import type { Terminal } from './terminal.ts';

/** Writes what a person asked for in a place of their own, with the modes that they chose. */
export async function outsideHome<T>({ umask }: Terminal, write: () => Promise<T>): Promise<T> {
  return umask === undefined ? await write() : await withUmask(umask, write);
}
