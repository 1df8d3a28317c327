/** Trained students on disk, read when first asked for; the few used last stay in memory. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseStudentModelId, type EmbeddedStudentModel } from '../../contracts/run/embedded-models.ts';
import { modelNotFound } from '../api-error.ts';
import { load } from './families.ts';
import { readModel, writeModel, type TrainedModel } from './model-file.ts';
import type { Student } from './student.ts';
import { untrainedStudent } from './untrained.ts';

const keptStudents = 6;

export class StudentStore {
  readonly #folder: string;
  readonly #loaded = new Map<string, Promise<Student>>();

  constructor(folder: string) {
    this.#folder = join(folder, 'models');
  }

  /** Throws the API's 404 `model_not_found` where no student has this id. */
  async find(id: string): Promise<Student> {
    const model = parseStudentModelId(id);
    if (!model || !this.exists(model)) throw modelNotFound(id);
    if (model.fingerprint === null) return untrainedStudent;
    const path = this.#path(model.fingerprint);
    const student = this.#loaded.get(path) ?? readStudent(model, path);
    this.#loaded.delete(path);
    this.#loaded.set(path, student);
    const oldest = this.#loaded.keys().next();
    if (this.#loaded.size > keptStudents && !oldest.done) this.#loaded.delete(oldest.value);
    return await student;
  }

  exists(model: EmbeddedStudentModel): boolean {
    return model.fingerprint === null || existsSync(this.#path(model.fingerprint));
  }

  async save(fingerprint: string, model: TrainedModel): Promise<void> {
    await writeModel(this.#path(fingerprint), model);
  }

  #path(fingerprint: string): string {
    return join(this.#folder, fingerprint);
  }
}

async function readStudent(model: EmbeddedStudentModel, path: string): Promise<Student> {
  return load(model.base, await readModel(path));
}
