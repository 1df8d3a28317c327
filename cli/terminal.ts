/** What a command writes to. Results go to standard output; what is going on meanwhile to standard error. */
import { homeFolder } from '../workers/services/home.ts';
import { terminalLines } from './terminal-text.ts';

export interface Terminal {
  readonly home: string;
  /** A result, for people or scripts. Text of others is made safe. */
  print(text: string): void;
  printJson(value: unknown): void;
  /** What is going on. */
  note(text: string): void;
}

export function systemTerminal(): Terminal {
  return {
    home: homeFolder(),
    print: (text) => console.log(terminalLines(text)),
    printJson: (value) => console.log(JSON.stringify(value)),
    note: (text) => console.error(terminalLines(text)),
  };
}
