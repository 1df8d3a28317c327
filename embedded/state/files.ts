/** Uploaded files: bytes under `files/<id>`, named by the hash of their content, so a repeated upload is the same file. */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { unixSeconds } from './database.ts';

const FileRecord = z.object({
  id: z.string(),
  filename: z.string(),
  purpose: z.string(),
  bytes: z.number(),
  created: z.number(),
});
export type FileRecord = z.infer<typeof FileRecord>;

export class Files {
  readonly #folder: string;
  readonly #database: DatabaseSync;

  constructor(folder: string, database: DatabaseSync) {
    this.#folder = join(folder, 'files');
    this.#database = database;
  }

  /** Streams an upload to a temporary file; `keep` names it after its content once the whole form was read. */
  async receive(content: Readable): Promise<{ id: string; bytes: number; path: string }> {
    const path = join(this.#folder, `upload-${randomUUID()}`);
    const hash = createHash('sha256');
    let bytes = 0;
    content.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
    });
    await pipeline(content, createWriteStream(path, { flush: true }));
    return { id: `file-${hash.digest('hex').slice(0, 32)}`, bytes, path };
  }

  async keep(upload: { id: string; bytes: number; path: string }, name: string, purpose: string): Promise<FileRecord> {
    await rename(upload.path, join(this.#folder, upload.id));
    this.#database
      .prepare('insert into files values (?, ?, ?, ?, ?) on conflict (id) do nothing')
      .run(upload.id, name, purpose, upload.bytes, unixSeconds());
    return this.get(upload.id);
  }

  async discard(upload: { path: string }): Promise<void> {
    await rm(upload.path, { force: true });
  }

  /** Throws the API's 404 for an unknown id, as do the next two. */
  get(id: string): FileRecord {
    const row = this.#database.prepare('select * from files where id = ?').get(id);
    if (!row) throw new ApiError(404, `No such File object: ${id}`, { code: 'file_not_found', param: 'id' });
    return FileRecord.parse(row);
  }

  async content(id: string): Promise<Buffer> {
    return await readFile(join(this.#folder, this.get(id).id));
  }

  async remove(id: string): Promise<void> {
    const { id: name } = this.get(id);
    this.#database.prepare('delete from files where id = ?').run(name);
    await rm(join(this.#folder, name), { force: true });
  }

  list(): FileRecord[] {
    return z.array(FileRecord).parse(this.#database.prepare('select * from files order by created desc, id').all());
  }
}
