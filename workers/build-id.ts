/** What the running sources are: processes of another build are replaced. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { repository } from './services/home.ts';

const folders = [
  'domain',
  'contracts',
  'workflows',
  'activities',
  'estimate',
  'adapters',
  'embedded',
  'workers',
  'report',
];
const files = ['package-lock.json', 'temporal.yaml'];

/** Hash of the contents of every source file a background process may run: 16 hexadecimal digits. About 20 ms. */
export function buildId(root: string = repository): string {
  const paths = folders.flatMap((folder) => sources(join(root, folder)));
  const hash = createHash('sha256');
  for (const path of [...paths, ...files.map((file) => join(root, file))].toSorted()) {
    hash.update(relative(root, path)).update('\0').update(contents(path)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

function sources(folder: string): readonly string[] {
  return entries(folder).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && /\.(ts|js|css|json|yaml)$/.test(entry.name) ? [path] : [];
  });
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** A file that is not there counts as empty: it may go between listing and reading. */
function contents(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
