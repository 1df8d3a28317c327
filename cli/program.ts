/** The command line: which commands there are. Each lives in its own file or with its kin. */
import { Command } from 'commander';
import { compareCommand } from './commands/compare.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import type { Finish } from './commands/finish.ts';
import { flowCommand } from './commands/flow.ts';
import { keyCommand } from './commands/key.ts';
import { ledgerCommand } from './commands/ledger.ts';
import { lsCommand, reportCommand } from './commands/list-and-report.ts';
import { budgetCommand, pauseCommand, resumeCommand, skipCommand, stopCommand } from './commands/steer.ts';
import { planCommand } from './commands/plan.ts';
import { previewCommand } from './commands/preview.ts';
import { runCommand } from './commands/run.ts';
import { devCommand, downCommand, workerCommand } from './commands/services.ts';
import { statusCommand } from './commands/status.ts';
import { studentCommand } from './commands/student.ts';
import { watchCommand } from './commands/watch.ts';
import type { Terminal } from './terminal.ts';

export function createProgram(terminal: Terminal, version: string, finish: Finish): Command {
  const program = new Command('baldistill')
    .description('Multi-stage balanced distillation on Temporal.')
    .version(version)
    .option('--debug', 'print stack traces of errors')
    .showHelpAfterError('(--help shows what there is)')
    .enablePositionalOptions()
    .exitOverride();
  demoCommand(program, terminal, finish);
  runCommand(program, terminal, finish);
  planCommand(program, terminal);
  previewCommand(program, terminal);
  compareCommand(program, terminal, finish);
  watchCommand(program, terminal, finish);
  statusCommand(program, terminal);
  lsCommand(program, terminal);
  pauseCommand(program, terminal);
  resumeCommand(program, terminal);
  skipCommand(program, terminal);
  stopCommand(program, terminal);
  budgetCommand(program, terminal);
  flowCommand(program, terminal);
  ledgerCommand(program, terminal, finish);
  reportCommand(program, terminal);
  exportCommand(program, terminal);
  evaluateCommand(program, terminal);
  keyCommand(program, terminal);
  doctorCommand(program, terminal, finish);
  devCommand(program, terminal);
  downCommand(program, terminal);
  workerCommand(program, terminal, finish);
  studentCommand(program, terminal, finish);
  program.addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 wrong use or bad input, 3 blocked, 130 left with Ctrl+C.',
  );
  return program;
}
