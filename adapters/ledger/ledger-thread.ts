/** The ledger's own thread: only it opens the file, so a commit blocks no other work of the process. */
import { parentPort, workerData } from 'node:worker_threads';
import { GroupCommit, operationNames } from './perform.ts';
import type { FromThread, ThreadData, ToThread } from './protocol.ts';
import { migrate } from './schema/migrate.ts';
import { repairAmounts } from './schema/repair-amounts.ts';
import { beatMs, sessionOfThisProcess } from './sessions.ts';
import { openSqlite, thrownData } from './sqlite.ts';

const { path, session }: ThreadData = workerData;

function post(message: FromThread): void {
  parentPort?.postMessage(message, []);
}

async function start(): Promise<void> {
  const ledger = openSqlite(path);
  await ledger.transact(async ({ database }) => {
    await migrate(database, path);
    await database.insertInto('sessions').values(sessionOfThisProcess(session, Date.now())).execute();
  });
  await repairAmounts(ledger);
  const group = new GroupCommit(ledger, { path, session }, (all) => {
    const replies = all.filter(({ id }) => id !== 0);
    if (replies.length > 0) post({ kind: 'replies', replies });
  });
  // The error of a beat is not reported: the next operation of a caller meets the same error.
  const beat = setInterval(() => group.add([{ id: 0, name: 'beat', input: undefined }]), beatMs);
  parentPort?.on('message', (message: ToThread) => {
    if (message !== 'end') group.add(message);
    else {
      clearInterval(beat);
      void ledger.database.destroy().then(() => parentPort?.close());
    }
  });
  post({ kind: 'ready', operations: operationNames });
}

try {
  await start();
} catch (error) {
  post({ kind: 'failed', error: thrownData(error, path) });
}
