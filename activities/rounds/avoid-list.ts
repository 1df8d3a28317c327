/** Earlier synthetic texts of a domain that a prompt asks the teacher not to repeat. */
import { Example } from '../../contracts/records.ts';
import type { StageInput } from '../../contracts/stage.ts';
import { drawRandom } from '../../domain/selection/selection.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { DecidedSlot } from '../decisions/stage-decisions.ts';

/** Each text is billed as input of every synthesis. */
const mostTexts = 3;
/** Characters that are enough to recognize a text. */
const longestText = 240;

export type AvoidList = (domain: string, ordinal: number) => string[];

/** Depends only on seed, domain, ordinal and the rows accepted before the round, never on answers that arrive during it. */
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
