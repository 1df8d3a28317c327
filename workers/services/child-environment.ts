/**
 * What each background process gets of the environment of the command that starts it. A process outlives the command,
 * and its environment can be read as long as it lives: none gets a key that it does not use.
 */
import { commandEnvironment } from '../../adapters/command/command-environment.ts';

/** What any program needs: where things are, whose they are, how text is written. */
const basics = /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_\w+|XDG_\w+)$/;
const ofTemporal = /^TEMPORAL_/;
const ofStudentServer = /^(STUDENT_SERVER_API_KEY|HF_TOKEN|HUGGING_FACE_HUB_TOKEN)$|_proxy$/i;
const ours = /^BALDISTILL_/;

/** In the worker's environment: the names of the variables that hold keys of endpoints, separated by commas. */
const namesVariable = 'BALDISTILL_KEY_NAMES';

export function serverEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return only(environment, (name) => basics.test(name));
}

/** The embedded endpoint may demand a key of its own; Node.js has settings such as its compile cache. */
export function embeddedEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const needed = only(environment, (name) => basics.test(name) || ours.test(name) || name.startsWith('NODE_'));
  return commandEnvironment(needed, { allowed: ['BALDISTILL_EMBEDDED_KEY'], withheld: [] });
}

/**
 * A worker starts training commands, whose tools may need any variable: it gets all that look like no secret, and the
 * keys that runs name. Those of a Temporal server elsewhere are for `external` only.
 */
export function workerEnvironment(
  environment: NodeJS.ProcessEnv,
  { keys, external }: { readonly keys: readonly string[]; readonly external: boolean },
): NodeJS.ProcessEnv {
  const names = Object.keys(environment);
  const temporal = names.filter((name) => ofTemporal.test(name));
  const allowed = [...keys, ...names.filter((name) => ours.test(name)), ...(external ? temporal : [])];
  const kept = commandEnvironment(environment, { allowed, withheld: temporal });
  return { ...kept, [namesVariable]: keys.join(',') };
}

/** A student server downloads bases from the hub, where a token may be needed, through a proxy that may ask for a password. */
export function studentServerEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = Object.keys(environment);
  const allowed = names.filter((name) => ofStudentServer.test(name));
  return commandEnvironment(environment, { allowed, withheld: names.filter((name) => ofTemporal.test(name)) });
}

/** What a worker keeps from the training commands that it starts. */
export function withheldFromTraining(environment: NodeJS.ProcessEnv): readonly string[] {
  const keys = (environment[namesVariable] ?? '').split(',');
  return [...keys, ...Object.keys(environment).filter((name) => ofTemporal.test(name))];
}

function only(environment: NodeJS.ProcessEnv, needed: (name: string) => boolean): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => needed(name)));
}
