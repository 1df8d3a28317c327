/** Learns what a student endpoint can do, by trying each thing once with a tiny request. */
import type { Student } from '../../../activities/ports/student.ts';
import type { Capabilities } from '../../../contracts/stage.ts';
import type { StudentEndpoint } from './student-endpoint.ts';
import { CompletionList, JobList, Tokens } from './student-shapes.ts';

/** A larger difference in mean NLL means that generation and scoring are not the same distribution. */
const agreement = 0.02;
/** A start of sequence is a token or two, with a header of a chat template a few more. */
const mostStartIds = 64;
const sample = 'Name a color.\n';

/** Throws `ModelUnknown`, `EndpointDown` or `EndpointRefusesKey` when the model cannot be asked at all. */
export async function probeStudent(
  endpoint: StudentEndpoint,
  text: Pick<Student, 'generate' | 'scoreAfter'>,
  model: string,
): Promise<Capabilities> {
  const complete = async (prompt: unknown, more: object) =>
    await endpoint.tryOut(CompletionList, async (client) =>
      client.post('/completions', { body: { model, prompt, temperature: 0, ...more } }),
    );

  // The first request is a plain one, and demanded: a wrong model or key must not look like a missing capability.
  const plain = await endpoint.demand(CompletionList, async (client) =>
    client.post('/completions', { body: { model, prompt: sample, temperature: 0, max_tokens: 8, logprobs: 1 } }),
  );
  const jobs = await endpoint.tryOut(JobList, async (client) =>
    client.get('/fine_tuning/jobs', { query: { limit: 1 } }),
  );
  const array = await complete([sample, sample], { max_tokens: 1 });
  const echoed = await complete('a b c', { echo: true, logprobs: 1, max_tokens: 0 });
  const byText = (echoed?.choices[0]?.logprobs?.token_logprobs ?? []).some((logprob) => logprob !== null);

  const started = await endpoint.tryOut(Tokens, async (client) =>
    client.post(new URL('/tokenize', client.baseURL).href, { body: { model, prompt: '', add_special_tokens: true } }),
  );
  const startIds = (started?.tokens ?? []).slice(0, mostStartIds);
  const withIds = await complete(sample, { max_tokens: 8, return_token_ids: true });
  const byIds =
    startIds.length > 0 &&
    Array.isArray(withIds?.choices[0]?.token_ids) &&
    (await complete([...startIds, ...startIds], { echo: true, logprobs: 1, max_tokens: 0 })) !== null;

  const can: Capabilities = {
    fineTuning: jobs !== null,
    arrayPrompts: array?.choices.length === 2,
    outputLogprobs: Array.isArray(plain.choices[0]?.logprobs?.token_logprobs),
    promptLogprobs: byIds ? 'token-ids' : byText ? 'text' : 'none',
    startIds: byIds ? startIds : [],
    rescore: false,
  };
  return { ...can, rescore: await disagrees(text, model, can) };
}

/** One generation scored both ways. An untrained model may generate nothing: then there is nothing to compare. */
async function disagrees(
  text: Pick<Student, 'generate' | 'scoreAfter'>,
  model: string,
  can: Capabilities,
): Promise<boolean> {
  if (can.promptLogprobs === 'none' || !can.outputLogprobs) return false;
  const asked = { model, can, signal: new AbortController().signal };
  const [generation] = await text.generate(asked, [sample], 8);
  if (!generation || generation.text === '' || generation.meanNll === null) return false;
  const [scored] = await text.scoreAfter(asked, [sample], [generation]);
  return typeof scored !== 'number' || Math.abs(scored - generation.meanNll) > agreement;
}
