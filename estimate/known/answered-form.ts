/**
 * Stage 0 in the form that the ledger has answers in: which one an endpoint takes is known only once it was asked, and
 * then its answers say so.
 */
import type { PlannedCall, Row } from '../../contracts/records.ts';
import { outputs } from '../../domain/tasks/output.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { contentKeyOf, requestOf, withResponseFormat } from '../../activities/calls/call-request.ts';
import { firstForm } from '../../activities/rounds/output-form.ts';
import { poolByDomain, taskOf } from '../../activities/data/pool.ts';
import type { KnownOf, PlanningWorld } from '../estimation-world.ts';
import { synthesisCalls } from '../prompts/synthesis-calls.ts';
import { annotateKey } from '../prompts/pool-lengths.ts';

/** Prompts to look up: another run with the same rows shows its form in this many; a pilot bought a few of each kind. */
const mostTried = 512;

/** `taken`: the rows of stage 0. `all`: this run has answers itself, which may be any of them. */
export async function answeredForm(
  world: PlanningWorld,
  of: KnownOf,
  { taken, all }: { readonly taken: ReadonlySet<string>; readonly all: boolean },
): Promise<Output> {
  const { spec, prepared, teacher } = of;
  const { ledger, artifacts } = world;
  if (ledger === null || teacher === null || spec.teacher?.output !== 'auto') return firstForm(spec);
  const every = all ? 1 : Math.max(1, Math.ceil(taken.size / mostTried));
  let passed = 0;
  const tried = await poolByDomain(artifacts, prepared, (row): Row | undefined =>
    taken.has(row.id) && passed++ % every === 0 ? row : undefined,
  );
  const rows = spec.switches.rationale === 'none' ? [] : [...tried.values()].flat();
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
    // What this run was answered in says more than what others were.
    if (answers.some(({ run }) => run === spec.name)) return output;
    if (answers.length > 0) others ??= output;
  }
  return others ?? firstForm(spec);
}
