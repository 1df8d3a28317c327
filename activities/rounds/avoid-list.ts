/** Texts that a prompt tells the teacher not to repeat: a few that it synthesized for the domain earlier. */
import { Example } from '../../contracts/records.ts';
import type { StageInput } from '../../contracts/stage.ts';
import { drawRandom } from '../../domain/selection/selection.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { DecidedSlot } from '../decisions/stage-decisions.ts';

/** Each is paid for as input of every synthesis. */
const mostTexts = 3;
/** Enough to know a text by. */
const longestText = 240;

export type AvoidList = (domain: string, ordinal: number) => string[];

/** A function of seed, domain, ordinal and of what was accepted before the round: never of what arrives during it. */
export async function openAvoidList(
  artifacts: Artifacts,
  { spec, history }: StageInput,
  decided: readonly DecidedSlot[],
  synthesizing: ReadonlySet<string>,
): Promise<AvoidList> {
  const accepted = new Map<string, { readonly id: string; readonly input: string }[]>();
  const take = ({ origin, domain, id, input }: Example): void => {
    if (origin !== 'synthetic' || !synthesizing.has(domain)) return;
    const texts = accepted.get(domain);
    if (texts === undefined) accepted.set(domain, [{ id, input }]);
    else texts.push({ id, input });
  };
  for (const { examples } of history) for await (const example of artifacts.readLines(examples, Example)) take(example);
  for (const { decision } of decided) if (decision.kind === 'example') take(decision.example);
  return (domain, ordinal) =>
    drawRandom(accepted.get(domain) ?? [], mostTexts, spec.seed, 'avoid', domain, ordinal).map(({ input }) =>
      input.length <= longestText ? input : `${input.slice(0, longestText).toWellFormed()} …`,
    );
}
