/** Looks for planted secrets in whatever a command left behind, in the forms in which it could have been written. */
import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** Names of variables, each with a value that occurs nowhere else. */
export type Canaries = Readonly<Record<string, string>>;

/** The names of those that the bytes contain, as they are or as base64 or hexadecimal digits. */
export function canariesIn(canaries: Canaries, bytes: Buffer): readonly string[] {
  return Object.entries(canaries).flatMap(([name, value]) =>
    formsOf(value).some((form) => bytes.includes(form)) ? [name] : [],
  );
}

/** Every file under a folder that contains one, as `path: names`. Compressed files are unpacked. */
export async function leaksUnder(canaries: Canaries, path: string): Promise<readonly string[]> {
  if (!existsSync(path)) return [];
  if (lstatSync(path).isDirectory()) {
    const inside = readdirSync(path).map(async (name) => await leaksUnder(canaries, join(path, name)));
    return (await Promise.all(inside)).flat();
  }
  const found = canariesIn(canaries, await contentOf(path));
  return found.length === 0 ? [] : [`${path}: ${found.join(', ')}`];
}

async function contentOf(path: string): Promise<Buffer> {
  const bytes = readFileSync(path);
  if (bytes.subarray(0, 2).toString('hex') === '1f8b') return gunzipSync(bytes);
  if (bytes.subarray(0, 4).toString('latin1') !== 'PAR1') return bytes;
  const file = new Uint8Array(bytes).buffer;
  const rows = await parquetReadObjects({ file, compressors });
  return Buffer.from(JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
}

/** Base64 has three forms, by where in a longer text the value begins; its first and last digits depend on the rest. */
function formsOf(value: string): readonly string[] {
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.from(`${' '.repeat(shift)}${value}`)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4)
      .replace(/.{0,3}=*$/, ''),
  );
  return [value, Buffer.from(value).toString('hex'), ...shifted];
}
