/**
 * The response format of stage 0, inferred from the answers in the ledger. Before the first call it is unknown which
 * format the endpoint supports.
 */
import type { PlannedCall, Row } from '../../contracts/records.ts';
import { outputs } from '../../domain/tasks/output.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { contentKeyOf, requestOf, withResponseFormat } from '../../activities/calls/call-request.ts';
import { firstForm } from '../../activities/rounds/output-form.ts';
import { poolByDomain, taskOf } from '../../activities/data/pool.ts';
import type { EstimateInput, PlanningWorld } from '../estimation-world.ts';
import { synthesisCalls } from '../prompts/synthesis-calls.ts';
import { annotateKey } from '../prompts/pool-lengths.ts';

/** Prompts that are looked up to find answers of another run. */
const mostSampled = 512;

/** `taken`: the rows of stage 0. `all`: look up all of them, because this run itself has answers to some. */
export async function answeredForm(
  world: PlanningWorld,
  of: EstimateInput,
  { taken, all }: { readonly taken: ReadonlySet<string>; readonly all: boolean },
): Promise<Output> {
  const { spec, prepared, teacher } = of;
  const { ledger, artifacts } = world;
  if (ledger === null || teacher === null || spec.teacher?.output !== 'auto') return firstForm(spec);
  const every = all ? 1 : Math.max(1, Math.ceil(taken.size / mostSampled));
  let passed = 0;
  const sampled = await poolByDomain(artifacts, prepared, (row): Row | undefined =>
    taken.has(row.id) && passed++ % every === 0 ? row : undefined,
  );
  const rows = spec.switches.rationale === 'none' ? [] : [...sampled.values()].flat();
  let others: Output | undefined;
  for (const output of outputs) {
    const task = await taskOf(artifacts, { spec, prepared }, output);
    const synthetic = await synthesisCalls(world, of, output);
    const keys = [
      ...rows.map((row) =>
        annotateKey(spec, teacher, row, withResponseFormat(task, 'annotate', task.annotatePrompt(row))),
      ),
      ...synthetic.map((call: PlannedCall) => contentKeyOf(teacher, call, requestOf(spec, call))),
    ];
    const answers = await ledger.knownAnswers({ contentKeys: keys });
    // The format of this run's own answers takes precedence.
    if (answers.some(({ run }) => run === spec.name)) return output;
    if (answers.length > 0) others ??= output;
  }
  return others ?? firstForm(spec);
}
