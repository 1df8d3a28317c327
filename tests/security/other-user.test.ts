/** Another user of the machine at the embedded endpoint, which holds training data and needs no key of its owner. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEmbedded } from '../../embedded/start.ts';
import type { EmbeddedServer } from '../../embedded/start.ts';

const canBecomeAnother = process.platform === 'linux' && process.getuid?.() === 0;
const skipped = canBecomeAnother ? '' : ' (skipped: needs root on Linux to become another user)';

let state: string;
let server: EmbeddedServer | undefined;
beforeEach(() => void (state = mkdtempSync(join(tmpdir(), 'other-user-'))));
afterEach(async () => {
  await server?.close();
  rmSync(state, { recursive: true, force: true });
});

/** An HTTP exchange in a shell; `wait`: for the answer, or hang up at once and leave no owner of the connection. */
async function asks(uid: number, { wait, key }: { wait: boolean; key?: string }): Promise<string> {
  const script = [
    `exec 3<>/dev/tcp/127.0.0.1/${server?.port}`,
    'body=\'{"latencyMs":7}\'',
    `printf 'PUT /embedded/behavior HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer ${key}\\r\\nContent-Type: application/json\\r\\nConnection: close\\r\\nContent-Length: %s\\r\\n\\r\\n%s' "\${#body}" "$body" >&3`,
    wait ? 'cat <&3' : 'exec 3>&-',
  ];
  const { stdout } = await promisify(execFile)('/bin/bash', ['-c', script.join('\n')], { uid, gid: uid, env: {} });
  return stdout;
}

async function latency(): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const asked = { method: 'PUT', headers, body: '{}' };
  return await (await fetch(new URL('/embedded/behavior', server?.url), asked)).json();
}

test.skipIf(!canBecomeAnother)(`reads and changes nothing, also by hanging up at once${skipped}`, async () => {
  server = await startEmbedded({ state });
  expect(await asks(65_534, { wait: true })).toMatch(/^HTTP\/1\.1 403 .*another user/s);
  await asks(65_534, { wait: false });
  expect(await latency()).toMatchObject({ latencyMs: 0 });
  expect(await asks(0, { wait: true })).toMatch(/^HTTP\/1\.1 200 /);
  expect(await latency()).toMatchObject({ latencyMs: 7 });
});

test.skipIf(!canBecomeAnother)(`is served where the endpoint demands a key, and has it${skipped}`, async () => {
  server = await startEmbedded({ state, apiKey: 'shared' });
  expect(await asks(65_534, { wait: true, key: 'other' })).toMatch(/^HTTP\/1\.1 401 /);
  expect(await asks(65_534, { wait: true, key: 'shared' })).toMatch(/^HTTP\/1\.1 200 /);
});
