/** A folder that a training set is exported to: what others keep there is not ours to write over. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataCardFile, isDataCard } from '../../activities/outputs/training-set.ts';
import { CommandError, exitCodes } from '../exit.ts';

/**
 * Throws (exit 2) where one of these files is there already, unless the folder holds the data card of an earlier
 * export, which a new one replaces.
 */
export function refuseForeign(folder: string, files: readonly string[]): void {
  const there = files.filter((file) => existsSync(join(folder, file)));
  const card = join(folder, dataCardFile);
  if (there.length === 0 || (existsSync(card) && isDataCard(readFileSync(card, 'utf8')))) return;
  throw new CommandError(
    exitCodes.usage,
    `${folder} has ${there.join(' and ')} already, and no data card that says it is from an export.`,
    'Nothing was written. Give --to a folder of its own, or move what is there.',
  );
}
