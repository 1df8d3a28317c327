/** What to do about a run or a comparison that is not over, or is over without a result. */
import { exitCodes } from '../exit.ts';
import type { ExitCode } from '../exit.ts';
import type { EndingOf } from './follow.ts';
import type { Terminal } from '../terminal.ts';

export interface Unfinished {
  /** As a sentence begins: `The run "first"`. */
  readonly what: string;
  readonly name: string;
  /** Path of its results so far. */
  readonly folder: string;
  /** How to start it again after it failed. */
  readonly again: string;
}

/** Returns the exit code. */
export function tellUnfinished(
  terminal: Terminal,
  { what, name, folder, again }: Unfinished,
  ending: Exclude<EndingOf<never, { readonly message: string; readonly remedy: string }>, { kind: 'result' }>,
): ExitCode {
  switch (ending.kind) {
    case 'blocked':
      terminal.note(`${what} is blocked: ${ending.blocked.message}`);
      terminal.note(`${ending.blocked.remedy}\nWhen that is done: baldistill resume ${name}`);
      return exitCodes.blocked;
    case 'wedged':
      terminal.note(`${what} was started by another version, whose steps this one cannot follow.`);
      terminal.note(`End it with: baldistill stop ${name} --kill\nThen start it again; all that was paid is used.`);
      return exitCodes.failed;
    case 'down':
      terminal.note(`The services were ended. ${what} waits; go on with: baldistill watch ${name}`);
      return exitCodes.detached;
    case 'stopped':
      terminal.note(`${what} was stopped. What it has so far: ${folder}`);
      return exitCodes.done;
    default:
      terminal.note(`${what} failed: ${ending.message}`);
      terminal.note(again);
      return exitCodes.failed;
  }
}
