/** What a pilot reaches: the ledger, the artifacts and the teacher, without an engine. */
import { join } from 'node:path';
import { createLimiter } from '../../activities/calls/limiter.ts';
import type { PilotWorld } from '../../estimate/pilot.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { startEmbedded } from '../../embedded/start.ts';
import { embeddedUrl } from '../../workers/services/endpoints.ts';
import { dataFolder } from '../../workers/services/home.ts';
import { openTeacher } from '../../workers/world.ts';
import { artifactFolder, ledgerPath } from '../runs/stored-runs.ts';

/** Works with them and closes them; an embedded endpoint that is not running is started for this alone. */
export async function withPilotWorld<T>(
  home: string,
  spec: RunSpec,
  work: (world: PilotWorld) => Promise<T>,
): Promise<T> {
  const running = embeddedUrl(home);
  const alone = spec.teacher !== undefined && 'embedded' in spec.teacher && running === undefined;
  const own = alone ? await startEmbedded({ state: join(home, 'embedded'), data: dataFolder() }) : undefined;
  const ledger = await openLedger({ path: ledgerPath(home) });
  try {
    const teacher = openTeacher(
      spec,
      (url, apiKeyEnv, { concurrency, timeout }) => {
        const baseUrl = url ?? running ?? own?.url ?? '';
        return { baseUrl, apiKeyEnv, connections: concurrency, timeoutSeconds: timeout };
      },
      undefined,
    );
    const limiter = createLimiter('pilot');
    const artifacts = createFileArtifacts(artifactFolder(home));
    return await work({ artifacts, ledger, teacher: () => teacher, limiter: () => limiter });
  } finally {
    await ledger.close();
    await own?.close();
  }
}
