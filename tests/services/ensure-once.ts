/** A process of its own that ensures the services of a story: `ensure-once.ts HOME WORKER EMBEDDED BUILD`. */
import { ensureServices } from '../../workers/services/ensure.ts';

const [home = '', worker = '', embedded = '', buildId = ''] = process.argv.slice(2);
const services = await ensureServices({
  home,
  needs: { worker: true, embedded: true, secrets: [] },
  progress: (line) => process.stderr.write(`${line}\n`),
  programs: { worker, embedded, buildId },
});
process.stdout.write(JSON.stringify(services));
