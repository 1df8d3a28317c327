/** `doctor --endpoint`: the contract's table against any endpoint. */
import { z } from 'zod';
import type { Area } from '../../conformance/case.ts';
import { examine } from '../../conformance/examine.ts';
import type { Examination } from '../../conformance/examine.ts';
import { said } from '../../conformance/requests/replies.ts';
import { ModelList } from '../../conformance/requests/shapes.ts';
import { openWire } from '../../conformance/requests/wire.ts';
import { isLocal } from '../evaluated-student.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { requirePublicAddress } from '../public-address.ts';
import { terminalLine } from '../terminal-text.ts';
import type { Terminal } from '../terminal.ts';

const timeoutMs = 120_000;
/** A hosted service may let a job wait for longer; it is cancelled then, and what needs it is not asked. */
const trainingPatienceMs = 15 * 60_000;
const shownModels = 12;

export const EndpointOptions = z.looseObject({
  endpoint: z.url({ protocol: /^https?$/ }),
  model: z.string().min(1).optional(),
  apiKeyEnv: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/)
    .optional(),
  /** Commander's `--no-training`. */
  training: z.boolean().default(true),
  yes: z.boolean().default(false),
});
export type EndpointOptions = z.infer<typeof EndpointOptions>;

/** Nothing is sent to a remote endpoint before its cost was confirmed. */
export async function examineEndpoint(
  terminal: Terminal,
  options: EndpointOptions,
): Promise<{ readonly model: string; readonly examination: Examination }> {
  const { endpoint, training, yes } = options;
  requirePublicAddress(endpoint, 'Name the environment variable that holds the key with --api-key-env.');
  const local = isLocal(endpoint);
  if (!local && !yes) {
    const jobs = training ? ', and trains up to eight very small models (--no-training leaves that out)' : '';
    throw new CommandError(
      exitCodes.usage,
      `This sends about 250 short requests to ${endpoint}${jobs}. It may cost money, charged to no run.`,
      'Nothing was sent. Go ahead with --yes.',
    );
  }
  const wire = { address: () => endpoint, apiKey: keyOf(options), timeoutMs };
  const model = options.model ?? (await onlyModel(wire));
  terminal.note(`examining ${endpoint}, model ${model}`);
  const begun = new Set<Area>();
  const examination = await examine({
    ...wire,
    model,
    means: {
      training: training
        ? { base: model, retryForMs: trainingPatienceMs }
        : { forbidden: 'nothing is to be trained (--no-training)' },
      bulky: local,
    },
    begin({ area }) {
      if (!begun.has(area)) terminal.note(`  ${area}`);
      begun.add(area);
    },
  });
  return { model, examination };
}

function keyOf({ apiKeyEnv }: EndpointOptions): string | undefined {
  if (apiKeyEnv === undefined) return undefined;
  const key = process.env[apiKeyEnv];
  if (key) return key;
  throw new CommandError(
    exitCodes.usage,
    `The environment variable ${apiKeyEnv} is to hold an API key, and is not set here.`,
  );
}

/** The model of an endpoint that has one. Throws with what there is to choose from. */
async function onlyModel(wire: Parameters<typeof openWire>[0]): Promise<string> {
  const reply = await openWire(wire).send({ method: 'GET', path: '/models' });
  const models = ModelList.safeParse(reply.json).data?.data;
  if (reply.status !== 200 || models === undefined)
    throw new CommandError(
      exitCodes.usage,
      `Which model? The endpoint does not list its models (${terminalLine(said(reply))}).`,
      'Say which to ask with --model.',
    );
  const [first] = models;
  if (first !== undefined && models.length === 1) return first.id;
  const names = models.slice(0, shownModels).map(({ id }) => terminalLine(id));
  const more = models.length > shownModels ? `, and ${models.length - shownModels} more` : '';
  throw new CommandError(
    exitCodes.usage,
    `Which model? The endpoint lists ${models.length}: ${names.join(', ')}${more}.`,
    'Say which to ask with --model; for a student, its base.',
  );
}
