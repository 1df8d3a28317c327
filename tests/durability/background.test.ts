/** Acceptance 3 and 9: terminals come and go, the server dies, and there is one set of processes until `down`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serviceNames } from '../../workers/services/registry.ts';
import { ends, openHome, resultOf, shownBy, storyFile, until } from './rig.ts';
import type { Home } from './rig.ts';

let home: Home;
const pids = (): number[] => serviceNames.map((service) => home.pid(service));
// Another noise is another teacher: no run may live on the answers of the one before.
const slowRun = (name: string, noise: number): string =>
  home.file(`${name}.yaml`, storyFile(name, `, concurrency: 8, noise: ${noise}`));

beforeAll(async () => {
  home = await openHome();
});
afterAll(async () => await home.end());

test('two terminals start the same run at the same moment: one set of processes, one run', async () => {
  const file = slowRun('twice', 0.1);
  const [one, other] = await Promise.all([1, 2].map(async () => await ends(home.cli('run', file, '--json'), 0)));
  if (one === undefined || other === undefined) throw new Error('two were started');
  expect(resultOf(one)).toEqual(resultOf(other));
  const said = `${one.stderr}${other.stderr}`;
  expect(said.match(/^started the run/gm)).toHaveLength(1);
  expect(said.match(/^joined the run/gm)).toHaveLength(1);
  // A service whose port was taken by another program is announced, and started again.
  const restarts = said.match(/starting it again$/gm)?.length ?? 0;
  expect(said.match(/^starting the (Temporal server|embedded endpoint|worker)/gm), said).toHaveLength(3 + restarts);
  if (process.platform === 'linux') {
    expect(new Set(home.processes().map((line) => Number.parseInt(line, 10)))).toEqual(new Set(pids()));
  }
  const { budget } = await home.summary('twice');
  expect(budget).toMatchObject({ charged: 240, settled: 240, forfeited: 0 });
  expect((await home.counters()).billed).toBe(240);
});

test('Ctrl+C at an attached run: it says how to come back, and the run completes', async () => {
  await home.behave({ latencyMs: 100 });
  const before = pids();
  const file = slowRun('left', 0.3);
  const attached = home.start('run', file, '--json');
  await until(() => shownBy(attached.said().stdout).some(({ run }) => run.finished.length > 0));
  attached.interrupt();
  const left = await attached.ended;
  expect(left.code).toBe(130);
  expect(left.stderr).toContain('goes on. Come back with: baldistill watch left');
  expect(pids()).toEqual(before);
  await home.behave({ latencyMs: 0 });
  const back = await ends(home.cli('watch', 'left', '--json'), 0);
  expect(resultOf(back)).toMatchObject({ status: 'completed' });
  expect(pids()).toEqual(before);
  expect((await home.summary('left')).budget).toMatchObject({ charged: 240, settled: 240, forfeited: 0 });
});

test(
  'the Temporal server is killed under an attached run: the run starts it again and goes on',
  { timeout: 120_000 },
  async () => {
    await home.behave({ latencyMs: 100 });
    const before = { temporal: home.pid('temporal'), worker: home.pid('worker'), ...(await home.counters()) };
    const attached = home.start('run', slowRun('served', 0.4), '--json');
    await until(async () => (await home.counters()).requests >= before.requests + 60 + 15);
    await home.kill('temporal');
    await home.behave({ latencyMs: 0 });
    const said = await ends(attached.ended, 0);
    expect(resultOf(said)).toMatchObject({ status: 'completed' });
    expect(home.pid('temporal')).not.toBe(before.temporal);
    expect(home.pid('worker')).toBe(before.worker);
    const { budget, calls } = await home.summary('served');
    expect((await home.counters()).billed - before.billed).toBeLessThanOrEqual(budget.charged);
    expect(budget).toMatchObject({ charged: 240, forfeited: 0 });
    expect(calls.open).toBe(0);
  },
);

test(
  'killed, with no command attached: the same command later starts what is missing, and the run goes on',
  { timeout: 120_000 },
  async () => {
    await home.behave({ latencyMs: 100 });
    const file = slowRun('orphan', 0.5);
    const { requests } = await home.counters();
    await ends(home.cli('run', file, '--detach'), 0);
    await until(async () => (await home.counters()).requests >= requests + 60);
    await Promise.all([home.kill('temporal'), home.kill('worker')]);
    await home.behave({ latencyMs: 0 });
    const said = await ends(home.cli('run', file, '--json'), 0);
    expect(resultOf(said)).toMatchObject({ status: 'completed' });
    const { budget, calls } = await home.summary('orphan');
    expect(calls.open).toBe(0);
    expect(budget.forfeited).toBeLessThanOrEqual(8);
    expect(budget.charged).toBeLessThanOrEqual(budget.limit);
  },
);

test(
  '`down` under an attached run: that does not start again what was ended, and the run waits',
  { timeout: 120_000 },
  async () => {
    await home.behave({ latencyMs: 200 });
    const file = slowRun('waiting', 0.6);
    const attached = home.start('run', file, '--json');
    const { requests } = await home.counters();
    await until(async () => (await home.counters()).requests >= requests + 10);
    await ends(home.cli('down'), 0);
    expect((await ends(attached.ended, 130)).stderr).toContain('baldistill watch waiting');
    expect(home.processes()).toEqual([]);
    expect(resultOf(await ends(home.cli('run', file, '--json'), 0))).toMatchObject({ status: 'completed' });
    expect((await home.summary('waiting')).budget).toMatchObject({ charged: 240, forfeited: 0 });
  },
);

test('after `down` no process of the home is left, and a finished run is still reported', async () => {
  expect(await home.cli('down')).toMatchObject({ code: 0, stdout: 'Stopped: worker, embedded, temporal.\n' });
  expect(home.processes()).toEqual([]);
  const again = await home.cli(
    'run',
    home.file('twice.yaml', storyFile('twice', ', concurrency: 8, noise: 0.1')),
    '--json',
  );
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(resultOf(again)).toMatchObject({ run: 'twice', status: 'completed' });
  expect(home.processes()).toEqual([]);
});
