/** The request of a planned call and the key of its answer. Sending and estimating use the same functions. */
import { ResponseFormat } from '../../contracts/records.ts';
import type { Message, PlannedCall } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Task } from '../../domain/tasks/task.ts';
import type { AskKind } from '../../domain/tasks/template.ts';
import { callKey } from './call-key.ts';
import type { Teacher, TeacherRequest } from '../ports/teacher.ts';

/** A prompt with the `response_format` of its kind, if there is one. */
export function withResponseFormat(
  task: Task,
  kind: AskKind,
  messages: readonly Message[],
): Pick<PlannedCall, 'messages' | 'responseFormat'> {
  const responseFormat = task.responseFormat(kind);
  return responseFormat === undefined
    ? { messages: [...messages] }
    : { messages: [...messages], responseFormat: ResponseFormat.parse(responseFormat) };
}

export function requestOf(spec: Pick<RunSpec, 'seed'>, call: PlannedCall): TeacherRequest {
  const seed = call.kind === 'synthesize' ? spec.seed * 1_000_000 + call.ordinal : null;
  return { messages: call.messages, responseFormat: call.responseFormat, seed };
}

export function contentKeyOf(teacher: Pick<Teacher, 'content'>, call: PlannedCall, request: TeacherRequest): string {
  const sample = call.kind === 'synthesize' ? call.ordinal : 0;
  return callKey({ content: teacher.content(request), sample });
}
