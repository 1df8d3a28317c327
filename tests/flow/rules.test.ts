/** The smaller rules: pace, estimates, durations, headers, meters. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { rateLimitsOf } from '../../adapters/openai/teacher/rate-headers.ts';
import { changedTerms, termsText } from '../../contracts/flow/flow-terms.ts';
import { sumOfSnapshots } from '../../contracts/flow/flow-sum.ts';
import { durationMs } from '../../domain/flow/go-duration.ts';
import { freePace, rateAt, refusedPace } from '../../domain/flow/pace.ts';
import { openRateMeter } from '../../domain/flow/rate-meter.ts';
import { estimated, firstEstimate, learned } from '../../domain/flow/token-estimate.ts';

test('a refusal takes a tenth off what was served; a tenth more is tried not before 3 s, ten times as much within 10 s', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.6, max: 1e4, noNaN: true }), fc.nat(1e9), (served, now) => {
      const pace = refusedPace(freePace, served, now);
      expect(rateAt(pace, now)).toBeCloseTo(served * 0.9, 6);
      expect(rateAt(pace, now + 3000)).toBeLessThan(served);
      expect(rateAt(pace, now + 10_000)).toBeGreaterThan(served * 10);
      expect(rateAt(pace, now + 31_000)).toBeNull();
      // The rest of a burst is no further news.
      expect(refusedPace(pace, served / 2, now + 900)).toEqual(pace);
    }),
  );
});

test('where too little was served to say anything, a refusal teaches no pace', () => {
  expect(rateAt(refusedPace(freePace, 0, 1000), 1000)).toBeNull();
});

test('durations as Go writes them, plain seconds, and nothing else', () => {
  const known = {
    '6m0s': 360_000,
    '120ms': 120,
    '1h2m3.5s': 3_723_500,
    '17': 17_000,
    '0.5': 500,
    '1s': 1000,
    '88µs': 0.088,
  };
  for (const [text, milliseconds] of Object.entries(known)) expect(durationMs(text)).toBeCloseTo(milliseconds, 6);
  for (const text of ['', '-1s', '1', 's', '1 s', 'soon', '1s!', `${'9'.repeat(80)}s`, 'NaN', 'Infinity'].filter(
    (each) => each !== '1',
  ))
    expect(durationMs(text)).toBeNull();
  fc.assert(
    fc.property(fc.string(), (text) => {
      const duration = durationMs(text);
      expect(duration === null || (Number.isFinite(duration) && duration >= 0)).toBe(true);
    }),
  );
});

test('headers are read as far as they make sense, whatever an endpoint sends', () => {
  const headers = new Headers({
    'x-ratelimit-limit-requests': '600',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': '6m0s',
    'x-ratelimit-limit-tokens': 'many',
    'x-ratelimit-remaining-tokens': '5',
  });
  const remaining = { requestsPerMinute: 0 };
  expect(rateLimitsOf(headers)).toEqual({ limits: { requestsPerMinute: 600 }, remaining, resetMs: 360_000 });
  expect(rateLimitsOf(new Headers())).toBeNull();
  expect(rateLimitsOf(undefined)).toBeNull();
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]*$/), (value) => {
      const reported = rateLimitsOf(new Headers({ 'x-ratelimit-limit-requests': value }));
      expect(reported === null || (reported.limits.requestsPerMinute ?? 0) > 0).toBe(true);
    }),
  );
});

test('estimates come to what calls really use, and never ask for more than an answer may have', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.05, max: 1, noNaN: true }), fc.integer({ min: 1, max: 4000 }), (perByte, output) => {
      let estimate = firstEstimate;
      for (let call = 0; call < 100; call += 1)
        estimate = learned(estimate, { bytes: 1000 + call, input: (1000 + call) * perByte, output });
      const next = estimated(estimate, { bytes: 2000, maxTokens: 1e9 });
      expect(next.input).toBeCloseTo(2000 * perByte, 3);
      expect(next.output).toBeCloseTo(output, 3);
      expect(estimated(estimate, { bytes: 2000, maxTokens: 10 }).output).toBeLessThanOrEqual(10);
    }),
  );
});

test('a meter says what came a second, and forgets', () => {
  const meter = openRateMeter(0);
  for (let at = 0; at < 10_000; at += 20) meter.count(at);
  expect(meter.perSecond(9_999)).toBeGreaterThan(48);
  expect(meter.perSecond(9_999)).toBeLessThan(52);
  expect(meter.perSecond(20_000)).toBe(0);
});

test('terms are changed part by part, and null lifts a limit', () => {
  const terms = { concurrency: 16, limits: { requestsPerMinute: 600, tokensPerMinute: 1000 } };
  const changed = changedTerms(terms, { concurrency: 8, requestsPerMinute: null, outputTokensPerMinute: 50 });
  expect(changed).toEqual({ concurrency: 8, limits: { tokensPerMinute: 1000, outputTokensPerMinute: 50 } });
  expect(termsText(changed)).toBe('at most 8 in flight, 1000 tokens and 50 tokens out a minute');
  expect(termsText({ concurrency: 1, limits: {} })).toBe('at most 1 in flight, no limit a minute');
});

const look = (more: object) => ({
  callsPerSecond: 2,
  tokensPerMinute: 60,
  inFlight: 3,
  waiting: 4,
  p50Ms: 100,
  p95Ms: 300,
  answered: 10,
  inputTokens: 50,
  outputTokens: 20,
  failed: { timeout: 1 },
  ...more,
});

test('what two workers see is added up', () => {
  expect(sumOfSnapshots([])).toBeNull();
  expect(
    sumOfSnapshots([look({}), look({ answered: 30, p50Ms: 200, failed: { timeout: 1, rate_limited: 2 } })]),
  ).toMatchObject({
    callsPerSecond: 4,
    inFlight: 6,
    waiting: 8,
    p50Ms: 175,
    p95Ms: 300,
    answered: 40,
    inputTokens: 100,
    failed: { timeout: 2, rate_limited: 2 },
  });
});
