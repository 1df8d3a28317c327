/** Answers a line of a batch as the same request would be answered singly, without delays and faults of calls. */
import { hash } from 'node:crypto';
import { ApiError, errorBody } from '../api-error.ts';
import type { AnswerLine } from '../batches/runner.ts';
import type { Services } from '../services.ts';
import { unixSeconds } from '../state/database.ts';
import { readQuestion } from '../teachers/question.ts';
import { checkForm, inForm } from './answer-form.ts';
import { answerAsStudent } from './chat.ts';
import { ChatRequest } from './chat-request.ts';
import { modelOf, parseBody } from './parse.ts';
import { answerBody } from './teacher-call.ts';

export function lineAnswers(services: Pick<Services, 'behavior' | 'meter' | 'students' | 'teachers'>): AnswerLine {
  return async (body, billKey) => {
    try {
      return { status: 200, body: await answer(services, body, billKey) };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, message, code, param } = error;
      return { status, body: errorBody(status, message, code, param) };
    }
  };
}

async function answer(
  services: Pick<Services, 'behavior' | 'meter' | 'students' | 'teachers'>,
  body: unknown,
  billKey: string,
): Promise<unknown> {
  const teacher = services.teachers.find(modelOf(body));
  if (!teacher) return await answerAsStudent(services, body);
  const { meter } = services;
  const request = parseBody(ChatRequest, body);
  const billed = meter.billOf(billKey);
  if (billed === undefined) meter.receive(billKey);
  checkForm(services.behavior.structured, request);
  const question = readQuestion(request.messages, request.seed);
  const spoken = teacher.answer(question);
  const text = inForm(spoken, question.kind, request.response_format);
  const fingerprint = hash('sha256', JSON.stringify(request));
  const created = billed?.created ?? unixSeconds();
  if (billed === undefined) meter.billOnce(billKey, { created, request: fingerprint });
  return answerBody(request, { ...spoken, text }, { created, fingerprint });
}
