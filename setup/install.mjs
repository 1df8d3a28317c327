/**
 * Installs the npm packages of this clone when they are missing or older than package-lock.json, and says so while it
 * does it. Silent when there is nothing to do. Runs on Node 20 without any package, because it is what brings them.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packages = join(root, 'node_modules');
const stamp = join(packages, '.baldistill-install');
const node = join(packages, '.bin', 'node');

const say = (line) => process.stderr.write(`baldistill set-up: ${line}\n`);

/** What has to be installed, as one short string: the hash of the lock file, or of package.json where there is none. */
function wanted() {
  const lock = join(root, 'package-lock.json');
  const file = existsSync(lock) ? lock : join(root, 'package.json');
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function installed() {
  if (!existsSync(node)) return false;
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === wanted();
  // npm was run by hand: it leaves its own copy of the lock file, written last.
  const copy = join(packages, '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (!existsSync(copy) || !existsSync(lock)) return false;
  if (statSync(copy).mtimeMs < statSync(lock).mtimeMs) return false;
  writeFileSync(stamp, wanted());
  return true;
}

const remedies = [
  [/ENOSPC/, 'the disk is full. Free about 1 GB and start again.'],
  [/EACCES|EPERM|EROFS/, `npm may not write. Make ${root} and the npm cache writable and start again.`],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT/,
    'the npm registry cannot be reached. Check the network, a proxy or `npm config get registry`, and start again.',
  ],
  [
    /`npm ci` can only install|EUSAGE/,
    'package-lock.json does not fit package.json. Run `npm install` and start again.',
  ],
];

function explain(output) {
  const found = remedies.find(([pattern]) => pattern.test(output));
  return found ? found[1] : `npm failed; its message is above. Fix the cause, or delete ${packages} and start again.`;
}

/** Runs npm to its end. Resolves to undefined, or to a sentence that says what is wrong. */
function runNpm(words) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn('npm', [...words, '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => (output = (output + chunk.toString()).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const clock = setInterval(() => {
      say(`installing packages, ${Math.round((Date.now() - started) / 1000)} s (takes 1 to 2 minutes, once)`);
    }, 10_000);
    child.on('error', (error) => {
      clearInterval(clock);
      const missing = error.code === 'ENOENT';
      resolve(missing ? 'npm is not on the PATH. Install npm 10 or newer (it comes with Node.js).' : error.message);
    });
    child.on('close', (code) => {
      clearInterval(clock);
      if (code === 0) return resolve(undefined);
      process.stderr.write(`${output.trimEnd().split('\n').slice(-15).join('\n')}\n`);
      resolve(explain(output));
    });
  });
}

/** Whether the Node that came with the packages starts: its own install step may have been forbidden. */
function nodeStarts() {
  return new Promise((resolve) => {
    const child = spawn(node, ['--version'], { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}

async function install() {
  const words = existsSync(join(root, 'package-lock.json')) ? ['ci'] : ['install'];
  const started = Date.now();
  say(`installing packages (npm ${words[0]}; takes 1 to 2 minutes, once)`);
  const trouble = await runNpm(words);
  if (trouble !== undefined) return trouble;
  if (!(await nodeStarts())) {
    return `${node} does not start. Allow install scripts of npm packages (npm config get ignore-scripts) and start again.`;
  }
  writeFileSync(stamp, wanted());
  say(`packages installed in ${Math.round((Date.now() - started) / 1000)} s`);
  return undefined;
}

async function main() {
  if (installed()) return 0;
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) {
    say(`Node.js 20 or newer is needed, this is ${process.versions.node}. Install it from https://nodejs.org.`);
    return 1;
  }
  // npm scripts put node_modules/.bin first, and `npm ci` deletes it: npm itself has to run on another Node.
  process.env.PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== join(packages, '.bin'))
    .join(delimiter);
  const { withInstallLock } = await import('./install-lock.mjs');
  const trouble = await withInstallLock(root, say, async () => (installed() ? undefined : await install()));
  if (trouble === undefined) return 0;
  say(trouble);
  return 1;
}

process.exitCode = await main();
