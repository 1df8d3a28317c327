/** Whether an endpoint of a run file answers and knows the model: the two cases of the contract that cost nothing. */
import { examine } from '../../conformance/examine.ts';
import { reachingCases } from '../../conformance/cases/reaching.ts';
import { fine, note, trouble } from './prerequisite.ts';
import type { Looked } from './prerequisite.ts';

const timeoutMs = 10_000;

export async function lookAtEndpoint(asked: {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly model: string | undefined;
}): Promise<Looked> {
  const { baseUrl, apiKey, model } = asked;
  const { findings } = await examine({
    address: () => baseUrl,
    apiKey,
    timeoutMs,
    model: model ?? '',
    means: { training: { forbidden: 'only inspected' }, bulky: false },
    cases: reachingCases.filter(({ area }) => area === 'reaching it'),
  });
  const wrong = findings.find(({ verdict }) => verdict === 'breaks');
  if (wrong !== undefined)
    return trouble(
      `${baseUrl}: ${wrong.detail}`,
      'Start it, or correct the address or the key; the run would be blocked.',
    );
  const lacking = findings.find(({ verdict }) => verdict === 'lacks');
  if (lacking === undefined || model === undefined) return fine(`answers at ${baseUrl}`);
  return note(`answers at ${baseUrl}; ${lacking.detail}`, 'Is the name of the model right?');
}
