/** Folders of this user's state and data. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** `BALDISTILL_HOME`, else `$XDG_STATE_HOME/baldistill`, else `~/.local/state/baldistill`. Not created here. */
export function homeFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = environment['BALDISTILL_HOME'];
  if (chosen) return resolve(chosen);
  return join(environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'baldistill');
}

/** `BALDISTILL_DATA`, else `../shared/data` beside the repository where it exists; undefined where there is none. */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const chosen = environment['BALDISTILL_DATA'];
  if (chosen) return resolve(chosen);
  const beside = join(repository, '..', 'shared', 'data');
  return existsSync(beside) ? beside : undefined;
}

/** `$XDG_CACHE_HOME/baldistill`, else `~/.cache/baldistill`: only what can be made again. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'baldistill');
}
