/** Options that several commands share. */
import { Argument, InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { askAbove } from '../estimate/confirm-spending.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { RunName } from '../../contracts/run/run-file.ts';
import type { Overrides } from '../../adapters/run-file/overrides.ts';

const shortKeys = ['method', 'slots', 'calls', 'stages', 'seed', 'noise'] as const;

const Given = z.looseObject({
  method: z.string().optional(),
  slots: z.string().optional(),
  calls: z.string().optional(),
  stages: z.string().optional(),
  seed: z.string().optional(),
  noise: z.string().optional(),
  set: z.record(z.string(), z.string()).optional(),
});

/** `--set key=value`, as often as wanted. */
function collectSetting(given: string, before: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const at = given.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected key=value, such as teacher.noise=0');
  return { ...before, [given.slice(0, at)]: given.slice(at + 1) };
}

export function overridesOf(options: unknown): Overrides {
  const given = Given.parse(options);
  const short = shortKeys.flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]] as const]));
  return { ...Object.fromEntries(short), ...given.set };
}

export function withOverrides(command: Command): Command {
  return command
    .option('--method <name>', 'method, for example baldistill-a or random-ft-cot')
    .option('--slots <n>', 'B: training examples requested from the teacher')
    .option('--calls <n>', 'L: most teacher calls that are charged')
    .option('--stages <n>', 'K: number of stages')
    .option('--seed <n>', 'seed of the run')
    .option('--set <key=value>', 'any other key of the run file, by its dotted path', collectSetting, {});
}

/** Throws (exit 2) for what can be no run: the name becomes a part of paths and of queries to the engine. */
export function runName(given: string): string {
  if (RunName.safeParse(given).success) return given;
  const shown = JSON.stringify(given.length > 60 ? `${given.slice(0, 60)}...` : given);
  throw new CommandError(
    exitCodes.usage,
    `${shown} is no name of a run: expected at most 200 letters, digits and . _ , = + -, starting with a letter or digit.`,
    '`baldistill ls` lists the runs.',
  );
}

/** `<run>`, as commands about one run take it. */
export function runArgument(): Argument {
  return new Argument('<run>').argParser(runName);
}

export const Json = z.looseObject({ json: z.boolean().default(false) });

/** What is agreed to before money is spent. */
export const Agreement = z.looseObject({
  yes: z.boolean().default(false),
  askAbove: z.coerce.number().nonnegative().default(askAbove.usd),
});
export type Agreement = z.infer<typeof Agreement>;

export function withAgreement(command: Command): Command {
  return command
    .option('--yes', 'confirm any cost')
    .option('--ask-above <usd>', `ask for confirmation above this cost (default ${askAbove.usd})`);
}

/** Throws (exit 2) where the amount is none. */
export function agreementOf(options: unknown): Agreement {
  const { success, data } = Agreement.safeParse(options);
  if (success) return data;
  throw new CommandError(exitCodes.usage, '--ask-above is an amount in USD, such as 20.');
}
