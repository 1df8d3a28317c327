/** What a command writes to. Results go to standard output; what is going on meanwhile to standard error. */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { homeFolder } from '../workers/services/home.ts';
import { terminalLines } from './terminal-text.ts';

export interface Terminal {
  readonly home: string;
  /** The umask of the person, for files outside the home folder; absent: the one of this process. */
  readonly umask?: number;
  /** A result, for people or scripts. Text of others is made safe. */
  print(text: string): void;
  printJson(value: unknown): void;
  /** What is going on. */
  note(text: string): void;
  /** Asks a question that yes or no answers; absent without a terminal. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

export function systemTerminal(umask: number): Terminal {
  return {
    home: homeFolder(),
    umask,
    print: (text) => console.log(terminalLines(text)),
    printJson: (value) => console.log(JSON.stringify(value)),
    note: (text) => console.error(terminalLines(text)),
    ...(process.stdin.isTTY && process.stderr.isTTY ? { confirm: askAtTerminal } : {}),
  };
}

/** Anything but a yes is a no; so is the end of the input. */
async function askAtTerminal(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const closed = once(lines, 'close').then(() => '');
    const answer = await Promise.race([lines.question(terminalLines(`${question} [y/N] `)), closed]);
    return /^\s*(y|yes)\s*$/i.test(answer);
  } finally {
    lines.close();
  }
}
