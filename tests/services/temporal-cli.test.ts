import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cliVersion, findTemporalCli } from '../../workers/services/temporal/temporal-cli.ts';

let folder = '';
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baldistill-temporal-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

const cached = () => join(folder, 'baldistill', 'temporal-cli', cliVersion, 'temporal');

function program(name: string, script: string): string {
  const path = join(folder, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A machine with only what lies in our `bin`, and a download host that refuses connections unless one is given. */
function machine(download = 'http://127.0.0.1:1'): NodeJS.ProcessEnv {
  return { PATH: join(folder, 'bin'), XDG_CACHE_HOME: folder, BALDISTILL_TEMPORAL_DOWNLOAD: download };
}

/** A stand-in for `go install`: writes what it would have built, and notes that it was called. */
const go = `echo called >> "$GOBIN/../../../../calls"; echo built > "$GOBIN/temporal"; /bin/chmod +x "$GOBIN/temporal"`;

describe('the Temporal binary', () => {
  test('is the one on the PATH, else the one in the cache', async () => {
    const own = program('temporal', 'true');
    expect(await findTemporalCli(() => undefined, machine())).toBe(own);
    mkdirSync(join(cached(), '..'), { recursive: true });
    writeFileSync(cached(), '', { mode: 0o755 });
    rmSync(own);
    expect(await findTemporalCli(() => undefined, machine())).toBe(cached());
  });

  test('is built with Go where nothing can be downloaded, once for all who ask, saying so', async () => {
    program('go', go);
    const said: string[] = [];
    const ask = () => findTemporalCli((line) => said.push(line), machine());
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([cached(), cached(), cached()]);
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('called\n');
    expect(said.join('\n')).toMatch(/no download: .*127\.0\.0\.1:1 cannot be used/);
    expect(said.join('\n')).toContain('takes 3 to 8 minutes, once');
    expect(readdirSync(join(cached(), '..')).filter((name) => /^(build|download)-/.test(name))).toEqual([]);
  });

  test('is downloaded from where the SDK does', async () => {
    const file = program('temporal.built', 'true');
    execFileSync('tar', ['-czf', join(folder, 'a.tar.gz'), '-C', join(file, '..'), 'temporal.built']);
    server = createServer((request, response) => {
      if (request.url?.startsWith('/cli/default') !== true) return response.end(readFileSync(join(folder, 'a.tar.gz')));
      const offer = { archiveUrl: `http://${request.headers.host}/archive`, fileToExtract: 'temporal.built' };
      return response.end(JSON.stringify(offer));
    });
    const port = await new Promise<number>((resolve) => {
      server?.listen(0, '127.0.0.1', () => {
        const address = server?.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const environment = { ...machine(`http://127.0.0.1:${port}`), PATH: process.env['PATH'] ?? '' };
    expect(await findTemporalCli(() => undefined, environment)).toBe(cached());
    expect(existsSync(cached())).toBe(true);
  });

  test('when nothing works, the message says what to do', async () => {
    program('go', 'echo "no network" >&2; exit 1');
    const failing = findTemporalCli(() => undefined, machine());
    await expect(failing).rejects.toThrow(/no network[\s\S]*install the Temporal CLI[\s\S]*TEMPORAL_ADDRESS=host:port/);
    rmSync(join(folder, 'bin', 'go'));
    await expect(findTemporalCli(() => undefined, machine())).rejects.toThrow('there is no Go on the PATH');
  });
});
