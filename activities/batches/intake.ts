/** Reads the calls of some chunks in slot order, as many as fit into a batch. */
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { PlannedCall } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Teacher, TeacherRequest } from '../ports/teacher.ts';
import { requestOf } from '../calls/call-request.ts';

export interface Size {
  readonly lines: number;
  readonly bytes: number;
  readonly tokens: number;
}

export interface Candidate {
  readonly call: PlannedCall;
  readonly request: TeacherRequest;
  readonly size: Size;
}

/** Calls taken at the same time: one commit takes as long for all of them as for one. */
const mostTaken = 256;
/** Bytes of a line around its body: `custom_id`, method and URL. */
const envelopeBytes = 200;
/** A low ratio for any language. The token estimate is only compared with the endpoint's queue limit. */
const bytesPerToken = 3;

export class Intake {
  readonly #teacher: Teacher;
  readonly #spec: RunSpec;
  readonly #calls: AsyncGenerator<PlannedCall>;
  #next: Candidate | undefined;

  private constructor(teacher: Teacher, spec: RunSpec, calls: AsyncGenerator<PlannedCall>) {
    this.#teacher = teacher;
    this.#spec = spec;
    this.#calls = calls;
  }

  static async open(
    { artifacts, teacher, spec }: { artifacts: Artifacts; teacher: Teacher; spec: RunSpec },
    chunks: readonly ArtifactRef[],
  ): Promise<Intake> {
    const intake = new Intake(teacher, spec, callsOf(artifacts, chunks));
    await intake.#advance();
    return intake;
  }

  get ended(): boolean {
    return this.#next === undefined;
  }

  /** The next calls that fit, up to `mostTaken`; empty if the next one does not fit. */
  async take(room: Size): Promise<readonly Candidate[]> {
    const taken: Candidate[] = [];
    let left = room;
    while (this.#next !== undefined && taken.length < mostTaken) {
      left = subtract(left, this.#next.size);
      if (left.lines < 0 || left.bytes < 0 || left.tokens < 0) break;
      taken.push(this.#next);
      await this.#advance();
    }
    return taken;
  }

  async #advance(): Promise<void> {
    const next = await this.#calls.next();
    this.#next = next.done === true ? undefined : this.#candidate(next.value);
  }

  #candidate(call: PlannedCall): Candidate {
    const request = requestOf(this.#spec, call);
    const bytes = Buffer.byteLength(canonicalJson(this.#teacher.content(request))) + envelopeBytes;
    return { call, request, size: { lines: 1, bytes, tokens: Math.ceil(bytes / bytesPerToken) } };
  }
}

export function subtract(room: Size, { lines, bytes, tokens }: Size): Size {
  return { lines: room.lines - lines, bytes: room.bytes - bytes, tokens: room.tokens - tokens };
}

async function* callsOf(artifacts: Artifacts, chunks: readonly ArtifactRef[]): AsyncGenerator<PlannedCall> {
  for (const chunk of chunks) yield* artifacts.readLines(chunk, PlannedCall);
}
