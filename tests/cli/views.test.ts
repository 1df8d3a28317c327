import { stripVTControlCharacters } from 'node:util';
import { assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../../cli/follow/follow.ts';
import { terminalLine } from '../../cli/terminal-text.ts';
import { liveFrame } from '../../cli/view/live.ts';
import { plainLines } from '../../cli/view/plain.ts';

function snapshot(
  change: { run?: Partial<Snapshot['run']>; stage?: Partial<NonNullable<Snapshot['stage']>> } = {},
): Snapshot {
  const budget = {
    slots: 1000,
    limit: 1000,
    charged: 250,
    settled: 240,
    forfeited: 2,
    tokens: { charged: 0, limit: null },
    microUsd: { charged: 0, limit: null },
  };
  const line = {
    stage: 0,
    slots: 200,
    real: 190,
    synthetic: 8,
    duplicated: 1,
    unfilled: 1,
    macro: 0.3,
    micro: 0.4,
    seconds: 3,
  };
  const run: Snapshot['run'] = {
    run: 'wordnet',
    method: 'baldistill-a',
    status: 'running',
    step: 'generate',
    blocked: null,
    stage: 1,
    stages: 5,
    budget,
    finished: [line],
    test: null,
    stopAfterStage: false,
    startedAt: 0,
    ledger: null,
    simulated: ['simulated teacher'],
  };
  const stage: NonNullable<Snapshot['stage']> = {
    stage: 1,
    step: 'generate',
    status: 'running',
    blocked: null,
    planned: 200,
    done: 50,
    round: 0,
    callsPerSecond: 75,
    startedAt: 0,
    budget,
    domains: [],
  };
  return { run: { ...run, ...change.run }, stage: { ...stage, ...change.stage }, flow: null };
}

const domains = Array.from({ length: 52 }, (_, index) => ({
  domain: `d${index}`,
  quota: 52 - index,
  real: 1,
  synthetic: 0,
}));

describe('text of others', () => {
  test('never reaches the terminal as a command', () => {
    expect(terminalLine('\u001B[2Jall\u0007 clear\u202E\nnow')).toBe('all clear now');
    assert(property(string({ unit: 'binary-ascii' }), (text) => !/[\p{Cc}\u202E]/u.test(terminalLine(text))));
  });
});

describe('the live view', () => {
  test('shows stage, step, budget, rate, time left, finished stages and the largest domains', () => {
    const frame = stripVTControlCharacters(liveFrame(snapshot({ stage: { domains } }), { columns: 100, rows: 24 }));
    expect(frame).toContain('running · stage 1 (2 of 5) · generate');
    expect(frame).toContain('250 of 1000 calls charged · 75.0 calls/s · about 10 s of calls left · 2 forfeited');
    expect(frame).toContain('50 of 200');
    expect(frame).toMatch(/0 +190 +8 +1 +1 +0\.300 +0\.400/);
    expect(frame).toMatch(/d0 +52/);
    expect(frame).toMatch(/and 4\d more/);
    expect(frame).toContain('with: simulated teacher');
  });

  test('shows the flow of calls: what the workers say now, before what their slices said', () => {
    const flow = {
      callsPerSecond: 9.8,
      tokensPerMinute: 61_200,
      inFlight: 12,
      waiting: 488,
      p50Ms: 210,
      p95Ms: 480,
      answered: 900,
      inputTokens: 90_000,
      outputTokens: 9000,
      failed: { rate_limited: 3, timeout: 1 },
    };
    const late = { ...flow, callsPerSecond: 75, inFlight: 1 };
    const shown = liveFrame({ ...snapshot({ stage: { flow: late } }), flow }, { columns: 140, rows: 24 });
    expect(stripVTControlCharacters(shown)).toContain(
      '12 in flight · 488 waiting · p50 210 ms, p95 480 ms · 61,200 tokens/min · no answer: 3 rate_limited, 1 timeout',
    );
    expect(stripVTControlCharacters(shown)).toContain('9.8 calls/s · about 77 s of calls left');
    expect(liveFrame(snapshot({ stage: { flow: late } }), { columns: 140, rows: 24 })).toContain('1 in flight');
  });

  test.each([1, 3, 5, 8, 12, 24, 80])('is never higher than a terminal of %i lines', (rows) => {
    const frame = liveFrame(snapshot({ stage: { domains } }), { columns: 40, rows });
    expect(frame.split('\n').length).toBeLessThanOrEqual(Math.max(1, rows - 1));
  });
});

describe('the plain view', () => {
  test('has one line for a change of stage, step or status, and none for a count', () => {
    const before = snapshot();
    expect(plainLines(undefined, before)).toEqual([
      'stage 0 (1 of 5) done: 190 real, 8 synthetic, 1 duplicated, 1 unfilled; macro 0.300, micro 0.400; 3.0 s',
      'running · stage 1 (2 of 5) · generate · 250 of 1000 calls charged',
    ]);
    expect(plainLines(before, snapshot({ stage: { done: 60 } }))).toEqual([]);
    expect(plainLines(before, snapshot({ stage: { step: 'evaluate' } }))).toHaveLength(1);
    expect(plainLines(before, snapshot({ run: { status: 'paused' } }))).toEqual([
      'paused · stage 1 (2 of 5) · generate · 250 of 1000 calls charged',
    ]);
  });
});
