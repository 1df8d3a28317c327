import { join } from 'node:path';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { writeAtomically } from '../artifacts/atomic-file.ts';
import { exclusively } from '../processes/exclusive.ts';
import { permissionsFor, permissionsFile, readRegistered } from './permissions.ts';

/** Records what these runs need, so that the workers of this home permit it. Called by the CLI before it starts them. */
export async function registerRuns(home: string, specs: readonly RunSpec[]): Promise<void> {
  await exclusively(
    join(home, 'permissions.lock'),
    () => undefined,
    async () => {
      const before = readRegistered(home);
      const needs = specs.map(permissionsFor);
      const after = {
        commands: distinct([...before.commands, ...needs.flatMap(({ commands }) => commands)]),
        dataRoots: distinct([...before.dataRoots, ...needs.flatMap(({ dataRoots }) => dataRoots)]),
        apiKeyEnv: distinct([...before.apiKeyEnv, ...needs.flatMap(({ apiKeyEnv }) => apiKeyEnv)]),
      };
      if (canonicalJson(after) === canonicalJson(before)) return;
      await writeAtomically(home, async (file) => {
        await file.chmod(0o600);
        await file.writeFile(`${JSON.stringify(after, null, 2)}\n`);
        return permissionsFile(home);
      });
    },
  );
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [canonicalJson(value), value])).values()];
}
