/** `baldistill`: reads the command line and ends with the exit code of what was asked. */
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { z } from 'zod';
import { ownerUmask } from '../adapters/processes/owner-umask.ts';
import { BaldistillError, remedyOf } from '../domain/failures.ts';
import { closeHome } from '../workers/services/closed-home.ts';
import { CommandError, exitCodes } from './exit.ts';
import { createProgram } from './program.ts';
import { systemTerminal } from './terminal.ts';
import type { Terminal } from './terminal.ts';

async function main(words: readonly string[]): Promise<number> {
  const terminal = systemTerminal(process.umask(ownerUmask));
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const { version } = z.object({ version: z.string() }).parse(manifest);
  let code: number = exitCodes.done;
  const program = createProgram(terminal, version, (chosen) => {
    code = chosen;
  });
  program.hook('preAction', (_, command) => closeHomeOf(terminal, command.name()));
  try {
    if (words.length === 0) program.help({ error: true });
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what is wrong; help and version are no mistakes.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    return explain(terminal, error, words.includes('--debug'));
  }
}

/** A home that an earlier version made, or a person, may be open to other users. `doctor` reports that and changes nothing. */
function closeHomeOf(terminal: Terminal, command: string): void {
  const { home } = terminal;
  if (command === 'doctor') return;
  const { folders, files } = closeHome(home);
  if (folders + files === 0) return;
  terminal.note(`Closed the home folder ${home} to other users, who could read ${folders} folders and ${files} files.`);
}

/** What, where, and what to do; the stack only for who asks. */
function explain(terminal: Terminal, error: unknown, debug: boolean): number {
  const problem = error instanceof Error ? error : new Error(String(error));
  terminal.note(`baldistill: ${problem.message}`);
  if (problem instanceof CommandError && problem.remedy !== undefined) terminal.note(problem.remedy);
  if (problem instanceof BaldistillError && !problem.message.includes('\n')) terminal.note(remedyOf(problem.type));
  if (debug) terminal.note(problem.stack ?? 'no stack');
  else if (!(problem instanceof CommandError) && !(problem instanceof BaldistillError)) {
    terminal.note('Repeat the command with --debug before it (`baldistill --debug ...`) to see where this comes from.');
  }
  if (problem instanceof CommandError) return problem.exitCode;
  return problem instanceof BaldistillError && problem.type === 'InvalidInput' ? exitCodes.usage : exitCodes.failed;
}

// A reader that closes early (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.done);
});

const code = await main(process.argv.slice(2));
// Not by letting the event loop run dry: the Temporal client may have set a timer for one more attempt of a call, which
// would throw on its closed channel (`Channel has been shut down`).
process.stdout.write('', () => process.exit(code));
