/** What a planned call sends, and the key of its answer: the same for who sends it and for who only looks. */
import type { PlannedCall } from '../contracts/records.ts';
import type { RunSpec } from '../contracts/run-file.ts';
import { callKey } from './call-key.ts';
import type { Teacher, TeacherRequest } from './ports/teacher.ts';

export function requestOf(spec: Pick<RunSpec, 'seed'>, call: PlannedCall): TeacherRequest {
  const seed = call.kind === 'synthesise' ? spec.seed * 1_000_000 + call.ordinal : null;
  return { messages: call.messages, seed };
}

export function contentKeyOf(teacher: Pick<Teacher, 'content'>, call: PlannedCall, request: TeacherRequest): string {
  const sample = call.kind === 'synthesise' ? call.ordinal : 0;
  return callKey({ content: teacher.content(request), sample });
}
