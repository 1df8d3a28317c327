/** Six ways to break the promise on purpose (issue 4, acceptance 2), as edits of the sources, and what shows each. */
import type { Edit } from '../durability/other-sources.ts';
import type { FaultName } from './faults.ts';

export interface Break {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly faults: readonly FaultName[];
  readonly options: readonly string[];
}

const sendCall = 'activities/calls/send-call.ts';
const callRequest = 'activities/calls/call-request.ts';
const settle = 'adapters/ledger/operations/settle.ts';
const teacher = 'adapters/openai/teacher/teacher.ts';

export const breaks: readonly Break[] = [
  {
    name: 'settle before the answer is stored',
    edits: [
      {
        file: sendCall,
        from: 'const settled = await ledger.settle(',
        to: "await ledger.settle({ callId, answer: { ...answer, text: '' }, cost: null });\n    await pause(30);\n    const settled = await ledger.settle(",
      },
      {
        file: settle,
        from: "if (call.state === 'settled' || call.state === 'recovered') return call.state;",
        to: "const again = call.state === 'settled' || call.state === 'recovered';",
      },
      {
        file: settle,
        from: "const state = call.state === 'intent' ? 'settled' : 'recovered';",
        to: "const state = again ? call.state : call.state === 'intent' ? 'settled' : 'recovered';",
      },
      {
        file: settle,
        from: 'await transaction.run(storeAnswer,',
        to: "if (answer.text !== '') await transaction.run(storeAnswer,",
      },
      { file: settle, from: 'const above = await creditSlots(', to: 'const above = !again && await creditSlots(' },
    ],
    faults: ['worker-kill'],
    options: ['--plain'],
  },
  {
    name: 'give back on a timeout',
    edits: [
      {
        file: teacher,
        from: "if (status === null) return make('ambiguous');",
        to: "if (status === null) return make('refused', { retryAfterMs: 0 });",
      },
    ],
    faults: ['late-answer'],
    options: ['--plain'],
  },
  {
    name: 'attempt number in the call key',
    edits: [
      {
        file: callRequest,
        from: "import { callKey } from './call-key.ts';",
        to: "import { Context } from '@temporalio/activity';\nimport { callKey } from './call-key.ts';",
      },
      {
        file: callRequest,
        from: 'callKey({ content: teacher.content(request), sample })',
        to: 'callKey({ content: teacher.content(request), sample, attempt: Context.current().info.attempt })',
      },
    ],
    faults: ['two-runs', 'worker-kill'],
    options: [],
  },
  {
    name: 'intent after send',
    edits: [
      {
        file: sendCall,
        from: 'const outcome = await sender.ledger.intend(intent);',
        to: [
          'const early = { idempotencyKey: `${intent.contentKey}.0`, signal: sender.abandon };',
          'const answer = await sender.teacher.complete(request, early);',
          'const outcome = await sender.ledger.intend(intent);',
          "if (outcome.kind === 'send') {",
          '  const cost = answerCost(answer, teacherRates(sender.spec));',
          '  await sender.ledger.settle({ callId: outcome.callId, answer, cost });',
          "  return { end: 'answered', sent: 1 };",
          '}',
        ].join('\n'),
      },
    ],
    faults: ['worker-kill'],
    options: ['--plain'],
  },
  {
    name: 'limit checked outside the transaction',
    edits: [
      {
        file: sendCall,
        from: 'const outcome = await sender.ledger.intend(intent);',
        to: [
          'const { charged, limit } = await sender.ledger.budget({ run: sender.spec.name });',
          "if (charged >= limit) return { end: 'empty', sent };",
          // As long as a loaded machine lets pass between the two: on a quiet one they may never be apart.
          'await new Promise((resolve) => setTimeout(resolve, 50));',
          'const outcome = await sender.ledger.intend(intent);',
        ].join('\n'),
      },
      {
        file: 'domain/budget/budget.ts',
        from: 'const full = noRoom(state, 1, worst);\n  if (full !== undefined) return refuse(full);',
        to: '',
      },
      {
        file: 'domain/budget/budget.ts',
        from: "if (!planned && state.charged + 1 + state.planned > state.limit) return refuse('plan');",
        to: '',
      },
    ],
    faults: ['500-after', '500-before'],
    options: ['--plain', '--tight'],
  },
  {
    name: 'a late answer ignored',
    edits: [
      {
        file: settle,
        from: "if (call.state === 'settled' || call.state === 'recovered') return call.state;",
        to: "if (call.state !== 'intent') return 'recovered';",
      },
    ],
    faults: ['worker-stop-long'],
    options: ['--plain'],
  },
];
