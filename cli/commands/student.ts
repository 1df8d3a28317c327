/** `student`: a real student on this machine, behind the protocol that run files ask for (student-server/README.md). */
import { spawn } from 'node:child_process';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { z } from 'zod';
import { studentServerEnvironment } from '../../workers/services/child-environment.ts';
import { studentPython, studentServer } from '../../workers/services/student/student-environment.ts';
import { StudentSetUpError } from '../../workers/services/student/student-set-up-error.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Terminal } from '../terminal.ts';
import type { Finish } from './finish.ts';

const Given = z.looseObject({
  port: z.string(),
  home: z.string().optional(),
  setUp: z.boolean().default(false),
  json: z.boolean().default(false),
});

/** The server in our group gets Ctrl+C by itself; we wait for its end. */
const stay = (): void => undefined;

export function studentCommand(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('student')
    .description('run a student server here until Ctrl+C; sets up its Python environment first')
    .option('--port <n>', 'port on this machine; 0: a free one', '0')
    .option('--home <dir>', 'folder of its files, jobs and models')
    .option('--set-up', 'set up the environment and print its Python; start nothing')
    .option('--json')
    .argument('[options...]', 'options of the server itself, such as --base NAME=FOLDER (student-server/README.md)')
    .allowUnknownOption()
    .action(async (words: string[], options: unknown) => {
      const given = Given.parse(options);
      const python = await pythonOf(terminal);
      if (given.setUp) return given.json ? terminal.printJson({ python }) : terminal.print(python);
      const home = resolve(given.home ?? join(terminal.home, 'student'));
      // -P: modules are those of the server, not those of the current folder.
      const serve = ['-P', '-m', 'student_server', '--home', home, '--port', given.port, ...words];
      const paths = [studentServer, process.env['PYTHONPATH'] ?? ''].filter((path) => path !== '');
      const env = { ...studentServerEnvironment(process.env), PYTHONPATH: paths.join(delimiter) };
      // Started in the current folder: relative paths refer to it.
      const child = spawn(python, serve, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      createInterface({ input: child.stdout }).on('line', (line) => {
        const url = /listens on (\S+)$/.exec(line)?.[1];
        if (given.json && url !== undefined) terminal.printJson({ url, home });
        else terminal.print(line);
      });
      const pass = (): void => void child.kill('SIGTERM');
      process.on('SIGTERM', pass).on('SIGINT', stay);
      const code = await new Promise<number>((settle, reject) => {
        child.once('error', reject).once('close', (status) => settle(status ?? 1));
      });
      process.off('SIGTERM', pass).off('SIGINT', stay);
      finish(code === 0 ? exitCodes.done : code === exitCodes.usage ? exitCodes.usage : exitCodes.failed);
    });
}

async function pythonOf(terminal: Terminal): Promise<string> {
  try {
    return await studentPython((line) => terminal.note(line));
  } catch (error) {
    if (error instanceof StudentSetUpError)
      throw new CommandError(exitCodes.failed, error.message, error.remedy, { cause: error });
    throw error;
  }
}
