/** The ledger's own thread: it alone touches the file, so a commit blocks nobody else. */
import { parentPort, workerData } from 'node:worker_threads';
import { BaldistillError } from '../../../domain/failures.ts';
import { GroupCommit } from './group-commit.ts';
import { migrate } from '../schema/migrate.ts';
import type { Reply, ThreadData, ThreadMessage, ThrownData, ToThread } from './protocol.ts';
import { repairAmounts } from '../schema/repair-amounts.ts';
import { beatMs, openSession } from '../sessions.ts';
import { ledgerError, openSqlite } from '../sqlite-dialect.ts';
import { prepareStatements } from '../statements.ts';
import { transact } from '../transact.ts';

const { path, session }: ThreadData = workerData;

function thrown(error: unknown): ThrownData {
  const known = ledgerError(error, path);
  if (known instanceof BaldistillError) return { type: known.type, message: known.message };
  return { type: null, message: known instanceof Error ? (known.stack ?? known.message) : String(known) };
}

function post(message: ThreadMessage): void {
  parentPort?.postMessage(message, []);
}

async function start(): Promise<void> {
  const ledger = openSqlite(path);
  await transact(ledger, async (connection) => {
    await migrate(connection, path);
    await openSession(connection, session, Date.now());
  });
  await repairAmounts(ledger);
  const surroundings = { statements: prepareStatements(ledger.database), session, path };
  const answer = (replies: readonly Reply[]): void => {
    const theirs = replies.filter(({ id }) => id !== ownBeat);
    if (theirs.length > 0) post({ kind: 'replies', replies: theirs });
  };
  const group = new GroupCommit(ledger, surroundings, { answer, thrown });
  // A beat that fails is not lost on anybody: the next operation of a caller meets the same trouble and says so.
  const beat = setInterval(() => group.add([{ id: ownBeat, name: 'beat', input: null }]), beatMs);
  const end = async (): Promise<void> => {
    clearInterval(beat);
    await ledger.database.destroy();
    parentPort?.close();
  };
  parentPort?.on('message', (requests: ToThread) => {
    if (requests === 'end') void end();
    else group.add(requests);
  });
  post({ kind: 'ready' });
}

const ownBeat = 0;

try {
  await start();
} catch (error) {
  post({ kind: 'failed', error: thrown(error) });
}
