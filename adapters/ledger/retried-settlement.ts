/**
 * How calls end, told until the ledger takes it. A disk that is full or a lock that is held must not lose an answer that
 * was paid for, nor leave a call open whose sender lives and does nothing more about it: others would wait for ever.
 */
import { BaldistillError } from '../../domain/failures.ts';
import type { LedgerChannel } from './thread/ledger-channel.ts';

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
        if (isStorage(error)) continue;
        // Waiting does not mend it (another ledger file, a bug), and its caller was told of the storage alone.
        pending.delete(end);
        process.emitWarning(
          `The ledger did not take the end of a call: ${error instanceof Error ? error.message : ''}`,
        );
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
