/** A run file and what the command line changes in it, as a spec, or as every mistake in one message. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { formatProblems } from '../../adapters/run-file/problem.ts';
import type { Overrides } from '../../adapters/run-file/overrides.ts';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { dataFolder } from '../../workers/services/home.ts';
import { CommandError, exitCodes } from '../exit.ts';

/** Throws `CommandError` with exit code 2 and all problems; starts nothing. */
export function readRun(path: string, overrides: Overrides, name?: string): RunSpec {
  const resolved = resolveRunFile(textOf(path), { path, overrides, name, dataRoot: dataFolder() });
  if (resolved.ok) return resolved.spec;
  throw new CommandError(exitCodes.usage, formatProblems(shown(path), resolved.problems), 'Nothing was started.');
}

export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'there is no such file' : String(error);
    const remedy = 'Give the path of a run file, such as examples/wordnet.yaml.';
    throw new CommandError(exitCodes.usage, `${shown(path)}: ${reason}`, remedy, { cause: error });
  }
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && !short.startsWith('..') ? short : path;
}
