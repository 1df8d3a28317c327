/** Downloads the Temporal CLI from where the SDK does. Gives up within seconds where that host cannot be reached. */
import { execFile } from 'node:child_process';
import { createWriteStream, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { z } from 'zod';

/** Longest wait for an answer, and longest silence while bytes come. */
const retryForMs = 5000;

const Offer = z.looseObject({ archiveUrl: z.url(), fileToExtract: z.string().regex(/^[\w.-]+$/) });

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Resolves to undefined once `target` is there, else to the reason why not. `BALDISTILL_TEMPORAL_DOWNLOAD` names another host. */
export async function downloadTemporalCli(
  target: string,
  say: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const host = environment['BALDISTILL_TEMPORAL_DOWNLOAD'] ?? 'https://temporal.download';
  const machine = architectures[arch()];
  if (machine === undefined) return `there is none for ${arch()}`;
  const folder = mkdtempSync(join(dirname(target), 'download-'));
  try {
    const query = `arch=${machine}&platform=${platform()}&format=tar.gz&sdk-name=sdk-typescript&sdk-version=1.24.0`;
    const answer = await fetch(`${host}/cli/default?${query}`, { signal: AbortSignal.timeout(retryForMs) });
    if (!answer.ok) return `${host} answered ${answer.status}`;
    const offer = Offer.parse(await answer.json());
    say(`downloading the Temporal server from ${new URL(offer.archiveUrl).host}`);
    const archive = join(folder, 'archive.tar.gz');
    await fetchFile(offer.archiveUrl, archive);
    await promisify(execFile)('tar', ['-xzf', archive, '-C', folder, offer.fileToExtract]);
    renameSync(join(folder, offer.fileToExtract), target);
    return undefined;
  } catch (error) {
    return `${host} cannot be used (${reasonOf(error)})`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fetchFile(url: string, path: string): Promise<void> {
  const silence = new AbortController();
  const stop = (): void => silence.abort(new Error('the download stopped'));
  let timer = setTimeout(stop, retryForMs);
  try {
    const answer = await fetch(url, { signal: silence.signal });
    if (!answer.ok || answer.body === null) throw new Error(`${url} answered ${answer.status}`);
    const watch = new Transform({
      transform(chunk: unknown, _encoding, done) {
        clearTimeout(timer);
        timer = setTimeout(stop, retryForMs);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(answer.body), watch, createWriteStream(path), { signal: silence.signal });
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
