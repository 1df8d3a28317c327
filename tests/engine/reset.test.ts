/** `temporal workflow reset` ends an execution and starts another: whoever follows the run follows that one. */
import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { follow, followedRun } from '../../cli/follow/follow.ts';
import { openStories, until, wordnetSpec } from './rig.ts';

const at = openStories();
afterEach(async () => await at.rig.behave({ latencyMs: 0, faults: [] }));

const watching = (run: string) =>
  follow({ client: at.rig.client, heal: () => Promise.resolve() }, followedRun(at.home.path, run), {
    onSnapshot: () => undefined,
    onTrouble: () => undefined,
    signal: new AbortController().signal,
  });

test('a run that is reset while it is watched: its result is the one of its new execution', async () => {
  await at.rig.behave({ latencyMs: 100 });
  const spec = wordnetSpec(
    'reset',
    { method: 'adaptive-ft-cot', seed: 95, stages: 1 },
    { teacher: '{ embedded: simulated, concurrency: 4 }' },
  );
  const handle = await at.home.start(spec);
  const ending = watching('reset');
  await until(handle, ({ step }) => step === 'generate');
  const { client } = at.rig;
  const { events } = await handle.fetchHistory();
  const first = events?.find(({ workflowTaskCompletedEventAttributes: completed }) => completed);
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: 'reset', runId: (await handle.describe()).runId },
    reason: 'a story',
    workflowTaskFinishEventId: first?.eventId ?? null,
    requestId: randomUUID(),
  });
  await at.rig.behave({ latencyMs: 0 });
  expect(await ending).toMatchObject({ kind: 'result', result: { status: 'completed' } });
});

test('a run that is terminated has failed, as before', async () => {
  await at.rig.behave({ latencyMs: 100 });
  const handle = await at.home.start(wordnetSpec('terminated', { method: 'adaptive-ft-cot', seed: 96 }));
  const ending = watching('terminated');
  await until(handle, ({ step }) => step === 'generate');
  await handle.terminate('a story');
  expect(await ending).toEqual({ kind: 'failed', message: 'It was terminated.' });
});
