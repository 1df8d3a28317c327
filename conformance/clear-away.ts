/** Removes what the checks created at the endpoint, as far as the endpoint allows. */
import { Objection } from './case.ts';
import type { Site } from './requests/site.ts';
import { cancel } from './requests/tuning.ts';
import type { Sending } from './requests/wire.ts';

/** What remains. Ended jobs cannot be removed at any endpoint. */
export interface Left {
  readonly jobs: number;
  readonly files: readonly string[];
  readonly models: readonly string[];
}

export async function clearAway(site: Site): Promise<Left> {
  const { jobs, open, files, models } = site.left;
  for (const id of open) await tried(async () => (await cancel(site, id)).status);
  return { jobs: jobs.size, files: await remove(site, '/files', files), models: await remove(site, '/models', models) };
}

/** Returns those that would not go. */
async function remove(site: Site, folder: string, ids: ReadonlySet<string>): Promise<readonly string[]> {
  const stuck: string[] = [];
  for (const id of ids) {
    const sending: Sending = { method: 'DELETE', path: `${folder}/${encodeURIComponent(id)}` };
    if (!(await tried(async () => (await site.wire.send(sending)).status))) stuck.push(id);
  }
  return stuck;
}

/** An endpoint that has gone meanwhile keeps what it has. */
async function tried(send: () => Promise<number>): Promise<boolean> {
  try {
    return (await send()) < 300;
  } catch (error) {
    if (!(error instanceof Objection)) throw error;
    return false;
  }
}
