/** The background processes of this home. None has to run: commands start what they need. */
import { isAlive } from '../../adapters/processes/process-identity.ts';
import { logOf } from '../../workers/services/definitions.ts';
import { readRecord, serviceNames } from '../../workers/services/registry.ts';
import { fine, note } from './prerequisite.ts';
import type { Prerequisite } from './prerequisite.ts';

export const servicesPrerequisite: Prerequisite = {
  title: 'services',
  task({ home }) {
    const records = serviceNames.flatMap((name) => readRecord(home, name) ?? []);
    const [dead] = records.filter((record) => !isAlive(record));
    if (dead !== undefined)
      return note(`the ${dead.name} has died; the next command starts it again`, `Its log: ${logOf(home, dead.name)}`);
    if (records.length === 0) return fine('none runs; commands start what they need');
    return fine(records.map(({ name, pid }) => `${name} (process ${pid})`).join(', '));
  },
};
