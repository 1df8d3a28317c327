import { existsSync } from 'node:fs';
import { dataFolder } from '../../workers/services/home.ts';
import { fine, trouble } from './prerequisite.ts';
import type { Prerequisite } from './prerequisite.ts';

export const dataPrerequisite: Prerequisite = {
  title: 'data folder',
  task({ environment }) {
    const folder = dataFolder(environment);
    if (folder === undefined) return fine('none; only run files with `data.folder` need one');
    if (existsSync(folder)) return fine(folder);
    return trouble(`BALDISTILL_DATA is ${folder}, and there is no such folder`, 'Correct it, or unset it.');
  },
};
