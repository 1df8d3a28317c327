import { BaldistillError } from '../../domain/failures.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'files may not grow any further',
  EROFS: 'the file system is read-only',
  EACCES: 'the folder may not be written to',
  EPERM: 'the folder may not be written to',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EEXIST: 'a file lies where a folder should be',
  EIO: 'the disk reports an error',
};

/** `StorageFull` where the system refused a write for a reason an operator can fix; other errors unchanged. */
export function asStorageFailure(error: unknown, path: string): unknown {
  const code = codeOf(error);
  const reason = code === undefined || !Object.hasOwn(reasons, code) ? undefined : reasons[code];
  if (reason === undefined) return error;
  return new BaldistillError('StorageFull', `Nothing could be written to ${path}: ${reason} (${code}).`, {
    cause: error,
  });
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
