/**
 * What a machine lets runs do beyond its own home: commands they may start, data files they may read, environment
 * variables they may send as keys. A signature alone is not enough, since the key may also be on other machines.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import type { RunSpec, Source } from '../../contracts/run/run-file.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { BaldistillError } from '../../domain/failures.ts';

/**
 * What `temporal.yaml` lists. `commands`: a program with its arguments and the folder it runs in, since the same words
 * start another script elsewhere. `dataRoots`: folders and all below them.
 */
export const AllowLists = z.strictObject({
  commands: z.array(z.strictObject({ train: z.array(z.string().min(1)).min(1), cwd: z.string().min(1) })).default([]),
  dataRoots: z.array(z.string().min(1)).default([]),
  apiKeyEnv: z.array(z.string().min(1)).default([]),
});
export type AllowLists = z.infer<typeof AllowLists>;

export interface Permissions {
  /** Throws `BaldistillError` `NotPermitted` with everything that the spec needs and this machine does not permit. */
  require(spec: RunSpec): void;
}

export function permissionsFile(home: string): string {
  return join(home, 'permissions.json');
}

/** `dataFolder`: where built-in names of data folders are looked up; always permitted. */
export function openPermissions(home: string, allowed: AllowLists, dataFolder: string | undefined): Permissions {
  return {
    require(spec) {
      const registered = readRegistered(home);
      const roots = [...allowed.dataRoots, ...registered.dataRoots, ...(dataFolder === undefined ? [] : [dataFolder])];
      const commands = new Set([...allowed.commands, ...registered.commands].map(canonicalJson));
      const variables = new Set([...allowed.apiKeyEnv, ...registered.apiKeyEnv]);
      const needs = permissionsFor(spec);
      const refused = [
        ...needs.commands
          .filter((command) => !commands.has(canonicalJson(command)))
          .map(({ train, cwd }) => `the command ${JSON.stringify(train)} in ${cwd}`),
        ...needs.dataRoots
          .filter((path) => !roots.some((root) => isBelow(root, path)))
          .map((path) => `the file ${path}`),
        ...needs.apiKeyEnv.filter((name) => !variables.has(name)).map((name) => `the environment variable ${name}`),
      ];
      if (refused.length === 0) return;
      throw new BaldistillError(
        'NotPermitted',
        `The run ${spec.name} needs what this machine does not permit: ${refused.join(', ')}.`,
      );
    },
  };
}

/** What a run needs of the machine it runs on. */
export function permissionsFor(spec: Pick<RunSpec, 'data' | 'dataRoot' | 'student' | 'teacher'>): AllowLists {
  const { data, dataRoot, student, teacher } = spec;
  const sources = 'builtin' in data ? [] : [data.train, data.validation, data.test];
  const models = [student, ...(teacher === undefined ? [] : [teacher])];
  return {
    commands: 'driver' in student && student.driver === 'command' ? [{ train: student.train, cwd: student.cwd }] : [],
    dataRoots: sources
      .flatMap((source) => (source === undefined ? [] : filesOf(source)))
      .map((file) => resolve(dataRoot, file)),
    apiKeyEnv: models.flatMap((model) =>
      'apiKeyEnv' in model && model.apiKeyEnv !== undefined ? [model.apiKeyEnv] : [],
    ),
  };
}

/**
 * What the CLI of this home registered when it started runs, in the same shape, with single files among the roots. A
 * file that cannot be read permits nothing: the next start of a run writes it again.
 */
export function readRegistered(home: string): AllowLists {
  const path = permissionsFile(home);
  if (!existsSync(path)) return AllowLists.parse({});
  return Stored.safeParse(readFileSync(path, 'utf8')).data ?? AllowLists.parse({});
}

const Stored = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'not JSON' });
      return z.NEVER;
    }
  })
  .pipe(AllowLists);

function filesOf(source: Source): readonly string[] {
  if (typeof source === 'string') return [source];
  return [source.path, source.idsIn, source.idsNotIn].filter((file) => file !== undefined);
}

function isBelow(root: string, path: string): boolean {
  const way = relative(resolve(root), path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}
