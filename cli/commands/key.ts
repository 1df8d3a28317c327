/** The keys that sign runs and commands: shown by name, rotated, retired. */
import type { Command } from 'commander';
import { keyFileOf, openKeyRing, retireKeys, rotateKeys } from '../../adapters/owner/key-ring.ts';
import type { Terminal } from '../terminal.ts';
import { Json } from './options.ts';

export function keyCommand(program: Command, terminal: Terminal): void {
  const key = program.command('key').description('the keys that sign runs and commands');

  function say(given: unknown, line: string, value: object): void {
    if (Json.parse(given).json) terminal.printJson(value);
    else terminal.print(line);
  }

  key
    .command('show')
    .description('print the path of the key file and the name of each key')
    .option('--json')
    .action((given: unknown) => {
      const ring = openKeyRing(terminal.home);
      const [newest, ...older] = ring.keys().map(({ id }) => id);
      const others = older.length === 0 ? '' : `; also accepted: ${older.join(', ')}`;
      say(given, `${ring.path}: signs with ${newest ?? 'none'}${others}`, {
        path: ring.path,
        signs: newest,
        accepts: older,
      });
    });
  key
    .command('rotate')
    .description('sign with a new key from now on; earlier keys stay accepted, so open runs continue')
    .option('--json')
    .action((given: unknown) => {
      const id = rotateKeys(openKeyRing(terminal.home));
      const copies = `Copy ${keyFileOf(terminal.home)} to the other machines of this home.`;
      say(given, `New runs and commands are signed with ${id}. ${copies}`, { signs: id });
    });
  key
    .command('retire')
    .description('accept the newest key only; runs that an older one signed are blocked until started again')
    .option('--json')
    .action((given: unknown) => {
      const retired = retireKeys(openKeyRing(terminal.home));
      const line = retired.length === 0 ? 'There is no older key.' : `No longer accepted: ${retired.join(', ')}.`;
      say(given, line, { retired });
    });
}
