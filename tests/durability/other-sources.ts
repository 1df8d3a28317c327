/** A copy of these sources with something changed: another version, or one that is broken on purpose. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repository } from '../../workers/services/home.ts';

export interface Edit {
  readonly file: string;
  /** Has to occur exactly once. */
  readonly from: string;
  readonly to: string;
}

/** Writes the copy into `tree`, new files included, and returns its launcher. */
export function otherSources(tree: string, edits: readonly Edit[]): string {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0').filter((name) => name !== '' && !name.startsWith('docs/'))) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(repository, file), join(tree, file));
  }
  symlinkSync(join(repository, 'node_modules'), join(tree, 'node_modules'));
  for (const { file, from, to } of edits) {
    const path = join(tree, file);
    const parts = readFileSync(path, 'utf8').split(from);
    if (parts.length !== 2) throw new Error(`${parts.length - 1} places in ${file} for ${from}`);
    writeFileSync(path, parts.join(to));
  }
  const launcher = join(tree, 'bin/baldistill');
  chmodSync(launcher, 0o755);
  return launcher;
}
