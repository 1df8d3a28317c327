/**
 * The file of a trained student: a line of JSON (what it is, its vocabulary, its arrays), then the arrays as
 * little-endian bytes. Written to a temporary name, synced and renamed, so a file that exists is complete.
 */
import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { endianness } from 'node:os';
import { z } from 'zod';

export interface TrainedModel {
  readonly header: unknown;
  readonly arrays: readonly (Uint32Array | Float32Array)[];
}

const Layout = z.object({
  header: z.unknown(),
  arrays: z.array(z.object({ type: z.enum(['u4', 'f4']), length: z.int().nonnegative() })),
});

export async function writeModel(path: string, model: TrainedModel): Promise<void> {
  if (endianness() !== 'LE') throw new Error('Model files are little-endian; this machine is not.');
  const layout: z.infer<typeof Layout> = {
    header: model.header,
    arrays: model.arrays.map((array) => ({ type: array instanceof Uint32Array ? 'u4' : 'f4', length: array.length })),
  };
  const temporary = `${path}.${randomUUID()}`;
  const file = await open(temporary, 'wx');
  try {
    await file.appendFile(`${JSON.stringify(layout)}\n`);
    for (const array of model.arrays)
      await file.appendFile(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

export async function readModel(path: string): Promise<TrainedModel> {
  const bytes = await readFile(path);
  const end = bytes.indexOf(0x0a);
  const layout = Layout.parse(JSON.parse(bytes.toString('utf8', 0, end)));
  let at = end + 1;
  const arrays = layout.arrays.map(({ type, length }) => {
    // Copied, because typed arrays of 4 bytes must start at a multiple of 4.
    const buffer = new Uint8Array(bytes.subarray(at, at + length * 4)).buffer;
    at += length * 4;
    return type === 'u4' ? new Uint32Array(buffer) : new Float32Array(buffer);
  });
  if (at !== bytes.length) throw new Error(`${path} is not a complete model file`);
  return { header: layout.header, arrays };
}
