/**
 * Another server than the embedded one, where the environment names it:
 *
 * - `BALDISTILL_CONTRACT_COMMAND`: starts it, as words between spaces without a shell; it says `listens on URL` on a line
 *   of its output, keeps its state through SIGKILL, and is killed. Or
 * - `BALDISTILL_CONTRACT_URL`: where it is; it is never killed.
 * - `BALDISTILL_CONTRACT_MODEL`: a base to be trained, `BALDISTILL_CONTRACT_KEY`: its key, if it wants one,
 *   `BALDISTILL_CONTRACT_LACKS`: ids of the cases it is known not to keep, between commas.
 */
import { describe, it } from 'vitest';
import { commandedServer, elsewhereServer } from './servers.ts';
import { contractSuite } from './suite.ts';

const { BALDISTILL_CONTRACT_COMMAND: command, BALDISTILL_CONTRACT_URL: url } = process.env;
const model = process.env['BALDISTILL_CONTRACT_MODEL'] ?? 'tiny-llama:micro';
const apiKey = process.env['BALDISTILL_CONTRACT_KEY'];
const lacking = (process.env['BALDISTILL_CONTRACT_LACKS'] ?? '').split(',').filter((id) => id !== '');
const declared = Object.fromEntries(lacking.map((id) => [id, /./]));

if (command !== undefined) {
  contractSuite(`${model} of ${command}`, () => commandedServer({ command, model, apiKey }), declared);
} else if (url !== undefined) {
  const unkillable = { 'job-survives-kill': /^this server cannot be killed by the check$/, ...declared };
  contractSuite(`${model} at ${url}`, () => Promise.resolve(elsewhereServer({ url, model, apiKey })), unkillable);
} else {
  const why = 'set BALDISTILL_CONTRACT_COMMAND or BALDISTILL_CONTRACT_URL (tests/conformance/student.test.ts)';
  process.stdout.write(`Skipped: the contract is held against the embedded endpoint only; ${why}.\n`);
  describe('another server keeps the contract', () => it.skip(why, () => undefined));
}
