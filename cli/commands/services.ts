/** Commands about the background processes: dev, down, worker. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ensureServices } from '../../workers/services/ensure.ts';
import { repository } from '../../workers/services/home.ts';
import { logOf } from '../../workers/services/definitions.ts';
import { runningServices, stopServices } from '../../workers/services/stop.ts';
import { exitCodes } from '../exit.ts';
import { metricsNow } from '../follow/current-flow.ts';
import type { Terminal } from '../terminal.ts';
import type { Finish } from './finish.ts';
import { Json } from './options.ts';

/** The worker in our group gets Ctrl+C by itself; we wait for its end. */
const stay = (): void => undefined;

export function devCommand(program: Command, terminal: Terminal): void {
  program
    .command('dev')
    .description('start the Temporal server, the worker and the embedded endpoint in the background')
    .option('--json')
    .action(async (given: unknown) => {
      const { home } = terminal;
      const needs = { worker: true, embedded: true, secrets: [] };
      const services = await ensureServices({ home, needs, progress: (line) => terminal.note(line) });
      const processes = runningServices(home).map(({ name, pid }) => ({ name, pid, log: logOf(home, name) }));
      const metrics = metricsNow(home);
      if (Json.parse(given).json) return terminal.printJson({ home, ...services, metrics, processes });
      terminal.print(
        [
          `Temporal   ${services.temporalAddress}, namespace ${services.namespace}`,
          `UI         ${services.uiUrl ?? 'that of the server, or none (`devServer.uiPort` in temporal.yaml gives one)'}`,
          `embedded   ${services.embeddedUrl ?? '-'}`,
          ...metrics.map((address) => `metrics    ${address}`),
          `home       ${home}`,
          ...processes.map(({ name, pid, log }) => `${name.padEnd(9)}  process ${pid}, log ${log}`),
          'End all of them with: baldistill down',
        ].join('\n'),
      );
    });
}

export function downCommand(program: Command, terminal: Terminal): void {
  program
    .command('down')
    .description('stop the background services; open runs continue with the next command')
    .option('--json')
    .action(async (given: unknown) => {
      const stopped = await stopServices(terminal.home, (line) => terminal.note(line));
      if (Json.parse(given).json) return terminal.printJson({ stopped });
      terminal.print(stopped.length === 0 ? 'Nothing was running.' : `Stopped: ${stopped.join(', ')}.`);
    });
}

export function workerCommand(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('worker')
    .description('run one more worker here until Ctrl+C; calls in flight settle first')
    .action(async () => {
      const { home } = terminal;
      const needs = { worker: false, embedded: false, secrets: [] };
      await ensureServices({ home, needs, progress: (line) => terminal.note(line) });
      const child = spawn(process.execPath, [join(repository, 'workers', 'main.ts'), '--home', home], {
        stdio: 'inherit',
      });
      const pass = (): void => void child.kill('SIGTERM');
      process.on('SIGTERM', pass).on('SIGINT', stay);
      const code = await new Promise<number>((resolve, reject) => {
        child.once('error', reject).once('exit', (status) => resolve(status ?? 1));
      });
      process.off('SIGTERM', pass).off('SIGINT', stay);
      finish(code === 0 ? exitCodes.done : exitCodes.failed);
    });
}
