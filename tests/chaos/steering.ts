/** Pause, resume and other limits at random moments; whatever is refused has to be refused with a sentence. */
import { setTimeout as wait } from 'node:timers/promises';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { signCommand } from '../../adapters/owner/sign-command.ts';
import type { SeededRandom } from '../../domain/random.ts';
import { pauseRun, resumeRun, setBudget } from '../../workflows/messages.ts';
import type { Site } from './site.ts';
import type { Watch } from './supervise.ts';

export async function steer(site: Site, watch: Watch, random: SeededRandom): Promise<void> {
  const handle = site.engine.client.workflow.getHandle(site.plan.name);
  const { calls, name: run } = site.plan;
  const limit = (content: { calls: number }) => signCommand(site.owner, { run, action: 'budget', content });
  const messages = {
    pause: () => handle.executeUpdate(pauseRun),
    resume: () => handle.executeUpdate(resumeRun, { args: [{}] }),
    raise: () => handle.executeUpdate(setBudget, { args: [limit({ calls: calls + 1 + random.int(100) })] }),
    lower: () => handle.executeUpdate(setBudget, { args: [limit({ calls: 1 + random.int(calls) })] }),
    restore: () => handle.executeUpdate(setBudget, { args: [limit({ calls })] }),
  };
  const names = ['pause', 'resume', 'raise', 'lower', 'restore'] as const;
  const drawn = Array.from({ length: 3 + random.int(4) }, () => names[random.int(names.length)] ?? 'pause');
  // In the end it may go on, with the limit it had.
  for (const name of [...drawn, 'restore', 'resume'] as const) {
    await command(site, watch, name, messages[name]);
    await wait(random.int(200));
  }
}

async function command(
  site: Site,
  watch: Watch,
  name: string,
  send: () => Promise<{ message: string }>,
): Promise<void> {
  const deadline = Date.now() + 6000;
  try {
    const { message } = await site.engine.client.withDeadline(deadline, send);
    if (message === '') watch.violations.push(`${name} was answered without a sentence`);
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      if (!/[a-z] [a-z]/.test(error.cause?.message ?? ''))
        watch.violations.push(`${name} was refused without a sentence`);
      return;
    }
    // The run is over, or there is no answer while something else is broken.
  }
}
