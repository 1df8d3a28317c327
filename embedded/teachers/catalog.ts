/** Finds teachers by model id and keeps those that were used. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseTeacherModelId, teacherModelId } from '../../contracts/run/embedded-models.ts';
import type { RecordedTeacher } from '../../contracts/run/embedded-models.ts';
import { hasRecording, hasRows, recordedTeacher } from './recorded.ts';
import { simulatedTeacher } from './simulated.ts';
import type { EmbeddedTeacher } from './teacher.ts';

const keptTeachers = 8;

export class TeacherCatalog {
  readonly #dataFolder: string | undefined;
  readonly #loaded = new Map<string, EmbeddedTeacher>();

  /** `dataFolder` holds the folders of recordings; without it there are no recorded teachers. */
  constructor(dataFolder: string | undefined) {
    this.#dataFolder = dataFolder;
  }

  /** `undefined` where no teacher has this id. */
  find(id: string): EmbeddedTeacher | undefined {
    const known = this.#loaded.get(id);
    if (known) return known;
    const model = parseTeacherModelId(id);
    if (!model || (model.kind === 'recorded' && !this.#isThere(model))) return undefined;
    const teacher =
      model.kind === 'simulated'
        ? simulatedTeacher(model)
        : recordedTeacher(join(this.#dataFolder ?? '', model.folder), model);
    const oldest = this.#loaded.keys().next();
    if (this.#loaded.size >= keptTeachers && !oldest.done) this.#loaded.delete(oldest.value);
    this.#loaded.set(id, teacher);
    return teacher;
  }

  exists(id: string): boolean {
    const model = parseTeacherModelId(id);
    return model !== undefined && (model.kind === 'simulated' || this.#isThere(model));
  }

  /** Ids worth naming: one simulated teacher with the default settings, and every recording. */
  list(): string[] {
    const simulated = teacherModelId({ kind: 'simulated', dataset: 'wordnet', noise: 0.2, pool: 6000 });
    const root = this.#dataFolder;
    const folders = root !== undefined && existsSync(root) ? readdirSync(root) : [];
    const recorded = folders.filter((folder) => hasRecording(join(root ?? '', folder))).sort();
    return [
      simulated,
      ...recorded.map((folder) => teacherModelId({ kind: 'recorded', folder, task: 'classification', reserve: null })),
    ];
  }

  /** Single-label classification without a reserve needs a recording. */
  #isThere({ folder, task, reserve }: RecordedTeacher): boolean {
    if (this.#dataFolder === undefined) return false;
    const path = join(this.#dataFolder, folder);
    return task === 'classification' && reserve === null ? hasRecording(path) : hasRows(path);
  }
}
