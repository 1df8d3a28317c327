/** Small programs that stand for the worker and the embedded endpoint, and a home of their own for each story. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopServices } from '../../workers/services/stop.ts';

const embedded = `
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
appendFileSync(process.env.BALDISTILL_STARTS, 'embedded ' + process.pid + '\\n');
const server = createServer((request, response) => response.end('stub')).listen(port, '127.0.0.1', () => {
  process.send?.({ ready: true, port: server.address().port });
});
process.on('SIGTERM', () => process.exit(0));
`;

const worker = `
import { appendFileSync } from 'node:fs';
appendFileSync(process.env.BALDISTILL_STARTS, 'worker ' + process.pid + ' ' + (process.env.SOME_KEY ?? '-') + '\\n');
setInterval(() => {}, 1000);
setTimeout(() => process.send?.({ ready: true }), 200);
process.on('SIGTERM', () => {
  appendFileSync(process.env.BALDISTILL_STARTS, 'drained ' + process.pid + '\\n');
  process.exit(0);
});
`;

/** Finds its port taken, once (BALDISTILL_TAKEN) or whenever it is started. */
const late = (always: boolean): string => `
import { createServer } from 'node:http';
import { appendFileSync, readFileSync } from 'node:fs';
const first = readFileSync(process.env.BALDISTILL_STARTS, 'utf8') === '';
appendFileSync(process.env.BALDISTILL_STARTS, 'late ' + process.pid + '\\n');
const port = Number(${always} || first ? process.env.BALDISTILL_TAKEN : process.argv[process.argv.indexOf('--port') + 1]);
const server = createServer((request, response) => response.end('stub')).listen(port, '127.0.0.1', () => {
  process.send?.({ ready: true, port: server.address().port });
});
process.on('SIGTERM', () => process.exit(0));
`;

const deaf = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.send({ ready: true });`;
const broken = `console.error('the moon is in the wrong phase'); process.exit(3);`;

export interface Stage {
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  program(name: 'embedded' | 'worker' | 'deaf' | 'broken' | 'late' | 'always-late'): string;
  /** Lines that the programs wrote: who started, who was drained. */
  starts(): readonly string[];
  end(): Promise<void>;
}

/** A home whose Temporal is said to be elsewhere, so that only stubs are started; `real` starts a real one. */
export function stage(options: { real?: boolean } = {}): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'baldistill-services-'));
  const home = join(folder, 'home');
  const starts = join(folder, 'starts');
  writeFileSync(starts, '');
  const programs = { embedded, worker, deaf, broken, late: late(false), 'always-late': late(true) };
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, `${name}.mjs`), text);
  const { TEMPORAL_ADDRESS: _address, TEMPORAL_PROFILE: _profile, ...environment } = process.env;
  return {
    home,
    environment: {
      ...environment,
      BALDISTILL_STARTS: starts,
      ...(options.real ? {} : { TEMPORAL_ADDRESS: '127.0.0.1:1' }),
    },
    program: (name) => join(folder, `${name}.mjs`),
    starts: () => readFileSync(starts, 'utf8').split('\n').filter(Boolean),
    async end() {
      await stopServices(home, () => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
