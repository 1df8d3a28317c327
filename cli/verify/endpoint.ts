/** The teacher endpoint's own count of billed calls, where it keeps one (the embedded endpoint does). */
import { z } from 'zod';
import type { Ledger, RunRecord } from '../../activities/ports/ledger.ts';
import { embeddedUrl } from '../../workers/services/endpoints.ts';
import type { Known, Part } from './part.ts';

const Counters = z.object({ requests: z.int(), billed: z.int() });

/** The endpoint counts calls, not runs: all runs of this ledger that ask it are held against it together. */
export async function endpointFindings(ledger: Ledger, { home, record }: Known): Promise<Part> {
  const address = countedAddress(home, record);
  const counters = address === undefined ? undefined : await countersAt(address, record);
  if (counters === undefined)
    return { name: 'endpoint', looked: 'not asked: it keeps no count of its own, or is not running', differences: [] };
  const sharing = (await ledger.runs()).filter((other) => countedAddress(home, other) === address);
  const { answered, uncertain, sentAgain } = await ledger.tally({ runs: sharing.map(({ name }) => name) });
  const { billed } = counters;
  const most = answered + uncertain + sentAgain;
  const differences: string[] = [];
  if (billed < answered)
    differences.push(`the endpoint billed ${billed} calls, the ledger holds ${answered} paid answers of it`);
  if (billed > most) {
    const parts = `${answered} answered, ${uncertain} uncertain, ${sentAgain} resent`;
    differences.push(`the endpoint billed ${billed} calls, the ledger accounts for ${most} at most (${parts})`);
  }
  return {
    name: 'endpoint',
    looked: `${billed} calls billed, ${answered} answers and ${uncertain} uncertain calls of ${sharing.length} runs`,
    differences,
  };
}

/** Only an endpoint on this machine is asked: a hosted one has no such address, and need not know that we look. */
function countedAddress(home: string, { spec: { teacher } }: RunRecord): string | undefined {
  if (teacher === undefined) return undefined;
  const url = 'embedded' in teacher ? embeddedUrl(home) : teacher.baseUrl;
  if (url === undefined) return undefined;
  const { hostname, origin } = new URL(url);
  return ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) ? origin : undefined;
}

async function countersAt(
  address: string,
  { spec: { teacher } }: RunRecord,
): Promise<z.infer<typeof Counters> | undefined> {
  const key =
    teacher !== undefined && 'apiKeyEnv' in teacher && teacher.apiKeyEnv !== undefined
      ? process.env[teacher.apiKeyEnv]
      : undefined;
  try {
    const response = await fetch(new URL('/embedded/counters', address), {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(5000),
    });
    return response.ok ? Counters.safeParse(await response.json()).data : undefined;
  } catch {
    // Not running, or no such page: it keeps no count that we could ask for.
    return undefined;
  }
}
