/**
 * How calls end, told until the ledger takes it. A disk that is full or a lock that is held must not lose an answer that
 * was paid for, nor leave a call open whose sender lives and does nothing more about it: others would wait for ever.
 */
import { BaldistillError } from '../../domain/failures.ts';
import type { LedgerChannel } from './ledger-channel.ts';

type Call = LedgerChannel['call'];

const againMs = 250;

export interface Lasting {
  /** As the channel's `call`. Throws at once where the ledger cannot be written, and goes on trying in the background. */
  readonly call: Call;
  /** Tries what is left once more, and no more. */
  close(): Promise<void>;
}

export function lasting(channel: LedgerChannel): Lasting {
  const pending = new Set<() => Promise<unknown>>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function later(): void {
    if (closed || pending.size === 0 || timer !== undefined) return;
    timer = setTimeout(() => {
      void retry().then(() => {
        timer = undefined;
        later();
      });
    }, againMs).unref();
  }

  async function retry(): Promise<void> {
    for (const end of pending) {
      try {
        await end();
        pending.delete(end);
      } catch (error) {
        // Anything but storage is a bug of its own, and was thrown to the caller the first time or will be at the next.
        if (!isStorage(error)) pending.delete(end);
      }
    }
  }

  return {
    async call(name, input) {
      try {
        return await channel.call(name, input);
      } catch (error) {
        if (isStorage(error) && !closed) {
          pending.add(() => channel.call(name, input));
          later();
        }
        throw error;
      }
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await retry();
    },
  };
}

function isStorage(error: unknown): boolean {
  return error instanceof BaldistillError && (error.type === 'StorageFull' || error.type === 'LedgerUnavailable');
}
