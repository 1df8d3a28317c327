/**
 * A web page in the owner's browser. By DNS rebinding it makes its own host name point at this machine and then reads and
 * writes as if our servers were its own; it knows 127.0.0.1 and may try every port.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBoard } from '../../adapters/flow/worker-board.ts';
import { foreignRequest } from '../../domain/loopback-request.ts';
import { uiAddress } from '../../workers/services/temporal/ui-address.ts';
import { TemporalConfig } from '../../workers/temporal-config.ts';
import { startEngine } from '../chaos/engine.ts';
import type { Engine } from '../chaos/engine.ts';
import { openStories } from '../engine/rig.ts';
import { listeningSockets, rawRequest } from './listening.ts';

const at = openStories();
const folder = mkdtempSync(join(tmpdir(), 'web-page-'));
const config = TemporalConfig.parse({});
const evil = { host: 'evil.example', origin: 'http://evil.example' };
const linux = process.platform === 'linux';
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine(folder);
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(!linux)(
  `no server of Temporal at 127.0.0.1 starts a workflow for a page${linux ? '' : ' (skipped: reads /proc)'}`,
  async () => {
    const sockets = listeningSockets(engine.pid());
    const ui = uiAddress(folder, config);
    // gRPC, HTTP and the UI at least; whatever else a later version opens is tried too.
    expect(sockets.length).toBeGreaterThanOrEqual(3);
    expect(sockets.filter(({ host }) => host === ui)).toHaveLength(1);
    for (const socket of sockets) {
      expect(socket.host).toMatch(/^127\./);
      if (socket.host === ui) continue;
      const first = await rawRequest(socket, { path: '/', headers: evil });
      const token = first?.cookies.map((cookie) => /_csrf=([^;]+)/.exec(cookie)?.[1]).find(Boolean) ?? 'none';
      const answer = await rawRequest(socket, {
        method: 'POST',
        path: '/api/v1/namespaces/default/workflows/evil2',
        headers: { ...evil, 'content-type': 'application/json', 'x-csrf-token': token, cookie: `_csrf=${token}` },
        body: JSON.stringify({ workflowType: { name: 'distill' }, taskQueue: { name: 'baldistill-control' } }),
      });
      expect(answer?.status ?? 0, `port ${socket.port}`).not.toBe(200);
      const read = await rawRequest(socket, { path: '/api/v1/namespaces', headers: evil });
      expect(read?.text ?? '', `port ${socket.port}`).not.toContain('namespaceInfo');
    }
    await expect(engine.client.workflow.getHandle('evil2').describe()).rejects.toThrow(/not found/i);
  },
);

test.skipIf(!linux)(
  `the UI's own address cannot be guessed, and is its owner's${linux ? '' : ' (skipped: Linux only)'}`,
  async () => {
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    const address = uiAddress(one, config);
    expect(address).toMatch(/^127\.\d+\.\d+\.\d+$/);
    expect(address).not.toBe('127.0.0.1');
    expect(uiAddress(one, config)).toBe(address);
    expect(uiAddress(other, config)).not.toBe(address);
    expect(statSync(join(one, 'ui-address')).mode & 0o777).toBe(0o600);
    const ui = listeningSockets(engine.pid()).find(({ host }) => host === uiAddress(folder, config));
    if (ui === undefined) throw new Error('no UI listens');
    const page = await rawRequest(ui, { path: '/', headers: { host: `${ui.host}:${ui.port}` } });
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('<html') });
  },
);

test('where only 127.0.0.1 is this machine there is no UI, unless temporal.yaml gives it a port', () => {
  expect(uiAddress(join(folder, 'mac'), config, 'darwin')).toBeNull();
  expect(uiAddress(join(folder, 'mac'), TemporalConfig.parse({ devServer: { uiPort: 8233 } }), 'darwin')).toBe(
    '127.0.0.1',
  );
});

test('the embedded endpoint and the metrics refuse other host names and other pages', async () => {
  const embedded = new URL(at.rig.embedded().url);
  await expect.poll(() => readBoard(at.home.path)[0]?.metrics ?? null).not.toBeNull();
  const metrics = new URL(readBoard(at.home.path)[0]?.metrics ?? '');
  for (const [url, path] of [
    [embedded, '/v1/models'],
    [embedded, '/embedded/counters'],
    [metrics, '/metrics'],
  ] as const) {
    const server = { host: '127.0.0.1', port: Number(url.port) };
    const local = { host: `localhost:${url.port}` };
    expect((await rawRequest(server, { path, headers: evil }))?.status, path).toBe(403);
    expect((await rawRequest(server, { path, headers: { ...local, origin: evil.origin } }))?.status, path).toBe(403);
    expect((await rawRequest(server, { path, headers: local }))?.status, path).toBe(200);
  }
  const behavior = { method: 'PUT', path: '/embedded/behavior', body: '{"latencyMs": 60000}' };
  const headers = { ...evil, 'content-type': 'application/json' };
  expect((await rawRequest({ host: '127.0.0.1', port: Number(embedded.port) }, { ...behavior, headers }))?.status).toBe(
    403,
  );
});

test('only names of the loopback interface are this machine', () => {
  const host = 'localhost:1';
  for (const name of ['127.0.0.1', '127.0.0.1:80', 'LOCALHOST:8080', '[::1]:5', '127.3.4.5:1'])
    expect(foreignRequest({ host: name }), name).toBeNull();
  for (const name of [undefined, '', 'evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:80', '10.0.0.1'])
    expect(foreignRequest({ host: name }), name).not.toBeNull();
  for (const origin of ['http://localhost', 'http://127.0.0.1:99', 'https://[::1]:5'])
    expect(foreignRequest({ host, origin }), origin).toBeNull();
  for (const origin of [
    'null',
    'http://evil.example',
    'http://localhost.evil.example',
    'file://',
    'http://127.0.0.1@evil.example',
  ])
    expect(foreignRequest({ host, origin }), origin).not.toBeNull();
});

test('no server of ours can be reached from another interface', async () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
  const ports = [Number(new URL(at.rig.embedded().url).port), Number(engine.address.split(':')[1])];
  if (linux) {
    ports.push(...listeningSockets(engine.pid()).map(({ port }) => port));
    for (const { host } of listeningSockets(process.pid)) expect(host).toMatch(/^127\./);
  }
  for (const host of outside)
    for (const port of ports) expect(await rawRequest({ host, port }, { path: '/', headers: {} })).toBeUndefined();
});
