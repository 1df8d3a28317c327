/** A round of many chunks: the workflow drops their list once they are sent, and the stored stage keeps it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reparse } from '../../activities/outputs/reparse.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { CloseStageInput } from '../../contracts/activity-messages.ts';
import { openStories, wordnetSpec } from './rig.ts';

const at = openStories();

test('every chunk is sent and decided, in a stage of several rounds, and can be parsed again', async () => {
  const spec = wordnetSpec(
    'many-chunks',
    { method: 'recommended', seed: 80, stages: 1 },
    {
      budget: '{ slots: 560 }',
      teacher: '{ embedded: simulated, noise: 0.5 }',
      switches: '{ balance: naive, verify: teacher }',
    },
  );
  const handle = await at.home.start(spec);
  expect(await handle.result()).toMatchObject({ status: 'completed' });

  const ledger = await openLedger({ path: join(at.home.path, 'ledger.sqlite') });
  try {
    const [stage] = await ledger.closedStages({ run: 'many-chunks' });
    const { plans } = CloseStageInput.pick({ plans: true })
      .loose()
      .parse(JSON.parse(stage?.request ?? 'null'));
    expect(plans.length).toBeGreaterThan(1);
    expect(plans[0]?.chunks).toHaveLength(5);
    expect(plans[0]?.chunks.reduce((sum, { rows }) => sum + rows, 0)).toBe(plans[0]?.calls);
    const [judged] = await reparse(
      { artifacts: createFileArtifacts(join(at.home.path, 'artifacts')), ledger },
      'many-chunks',
    );
    expect(judged?.after).toEqual(judged?.before);
  } finally {
    await ledger.close();
  }

  // Messages between workflow and activity no longer contain chunks of the first round.
  const history = await at.rig.client.workflow.getHandle('many-chunks/stage-0').fetchHistory();
  const inputs = (history.events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === 'closeStage'
      ? [Buffer.from(scheduled.input?.payloads?.[0]?.data ?? []).toString()]
      : [],
  );
  const sent = CloseStageInput.pick({ plans: true })
    .loose()
    .parse(JSON.parse(inputs[0] ?? 'null'));
  expect(sent.plans[0]?.chunks).toEqual([]);
  expect(sent.plans.every(({ domains }) => domains.length === 0)).toBe(true);
});
