/** What a process of ours makes is for its owner only, whatever umask it was started with. Child processes inherit it. */
export const ownerUmask = 0o077;

/**
 * Runs `work` under another umask, for files that a person asked for outside the home folder. The umask belongs to the
 * whole process: nothing else may create files meanwhile.
 */
export async function withUmask<T>(umask: number, work: () => Promise<T>): Promise<T> {
  const before = process.umask(umask);
  try {
    return await work();
  } finally {
    process.umask(before);
  }
}
