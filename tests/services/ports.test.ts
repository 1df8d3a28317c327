/** Ports: chosen outside the ephemeral range, and chosen again where one is taken. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { embeddedUrl } from '../../workers/services/endpoints.ts';
import { ensureServices } from '../../workers/services/ensure.ts';
import { freePort } from '../../workers/services/free-port.ts';
import { runningServices } from '../../workers/services/stop.ts';
import { stage } from './stubs.ts';
import type { Stage } from './stubs.ts';

let here: Stage;
let lines: string[];
const rival = createServer();

beforeEach(async () => {
  here = stage();
  lines = [];
  rival.listen(0, '127.0.0.1');
  await once(rival, 'listening');
});

afterEach(async () => {
  await here.end();
  rival.close();
  await once(rival, 'close');
});

function rivalPort(): number {
  const address = rival.address();
  if (typeof address !== 'object' || address === null) throw new Error('the rival does not listen');
  return address.port;
}

async function ensure(program: 'late' | 'always-late' | 'broken'): Promise<void> {
  await ensureServices({
    home: here.home,
    needs: { worker: false, embedded: true, secrets: [] },
    progress: (line) => void lines.push(line),
    environment: { ...here.environment, BALDISTILL_TAKEN: String(rivalPort()) },
    programs: { worker: here.program('worker'), embedded: here.program(program), buildId: 'one' },
  });
}

test.runIf(process.platform === 'linux')('no connection that goes out can get a port of ours', async () => {
  const [first = ''] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/);
  const ports = await Promise.all(Array.from({ length: 50 }, async () => await freePort()));
  expect(Math.max(...ports)).toBeLessThan(Number(first));
  expect(Math.min(...ports)).toBeGreaterThan(1024);
});

test('a port that is wanted and free is taken, one that is not is replaced', async () => {
  const free = await freePort();
  expect(await freePort(free)).toBe(free);
  expect(await freePort(rivalPort())).not.toBe(rivalPort());
});

test('a service whose port was taken while it was starting is started again', async () => {
  await ensure('late');
  expect(here.starts()).toHaveLength(2);
  expect(lines).toContain('a port of the embedded endpoint was taken while it was starting; starting it again');
  expect(await (await fetch(String(embeddedUrl(here.home)))).text()).toBe('stub');
});

test('after three starts it says what is wrong; what an earlier start wrote into the log counts for nothing', async () => {
  await expect(ensure('always-late')).rejects.toThrow('EADDRINUSE');
  expect(here.starts()).toHaveLength(3);
  expect(runningServices(here.home)).toEqual([]);
  lines = [];
  await expect(ensure('broken')).rejects.toThrow('wrong phase');
  expect(lines.filter((line) => line.startsWith('starting the embedded'))).toHaveLength(1);
});
