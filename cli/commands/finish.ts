import type { ExitCode } from '../exit.ts';

/** How a command says its exit code. */
export type Finish = (code: ExitCode) => void;
