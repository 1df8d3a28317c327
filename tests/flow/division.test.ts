/** Workers of one home divide an endpoint among them: each says what it is at, and looks at the others. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { boardFolder, readBoard } from '../../adapters/flow/worker-board.ts';
import { openLimiters } from '../../workers/watch/limiters.ts';
import { watchWorker } from '../../workers/watch/worker-watch.ts';

const never = new AbortController().signal;

/** A worker with calls to send, as far as others see it. */
function busyWorker(home: string, worker: string) {
  const limiters = openLimiters();
  const lane = limiters.of('endpoint').open(worker, { concurrency: 8, limits: { requestsPerMinute: 600 } }, never);
  const end = watchWorker({ home, worker, limiters, metrics: null });
  return { lane, end, limit: () => limiters.of('endpoint').snapshot('all').limits.requestsPerMinute };
}

function openHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'division-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

test('two that are busy have half each; who ends or has nothing to ask gives its half back', async () => {
  const home = openHome();
  const [one, other] = [busyWorker(home, 'one'), busyWorker(home, 'other')];
  const size = { bytes: 1, maxTokens: 1 };
  const [lease] = await Promise.all([one.lane.acquire(size), other.lane.acquire(size)]);
  await expect.poll(() => [one.limit(), other.limit()], { timeout: 5000 }).toEqual([297, 297]);
  lease?.unused();
  await expect.poll(other.limit, { timeout: 5000 }).toBe(594);
  await one.lane.acquire(size);
  await expect.poll(other.limit, { timeout: 5000 }).toBe(297);
  one.end();
  await expect.poll(other.limit, { timeout: 5000 }).toBe(594);
  other.end();
  expect(readdirSync(boardFolder(home))).toEqual([]);
});

test('the word of a process that is gone counts for nothing and is removed; rubbish is passed over', () => {
  const home = openHome();
  const worker = busyWorker(home, 'one');
  const gone = { worker: 'gone', pid: 1, startTime: '-1', at: Date.now(), metrics: null, endpoints: [] };
  writeFileSync(join(boardFolder(home), 'gone.json'), JSON.stringify(gone));
  writeFileSync(join(boardFolder(home), 'rubbish.json'), '{"worker":');
  expect(readBoard(home).map((look) => look.worker)).toEqual(['one']);
  expect(readdirSync(boardFolder(home)).toSorted()).toEqual(['one.json', 'rubbish.json']);
  worker.end();
});
