import { contractSuite } from './suite.ts';
import { embeddedServer } from './servers.ts';

const declared = {
  n: /n = 2: refused with 400 invalid_value/,
  // Only its teachers honour one, and only where they are reported to.
  'idempotency-key': /^two requests under one key got two answers$/,
};

for (const model of ['naive-bayes', 'log-linear']) {
  contractSuite(`the embedded endpoint with ${model}`, () => embeddedServer(model, 40), declared);
}
