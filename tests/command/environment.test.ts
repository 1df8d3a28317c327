import { expect, test } from 'vitest';
import { commandEnvironment } from '../../adapters/command/command-environment.ts';

test('a command gets its tools and no secret but the one it was given by name', () => {
  const plain = {
    PATH: '/bin',
    HOME: '/home/me',
    PWD: '/here',
    LD_LIBRARY_PATH: '/lib',
    CUDA_VISIBLE_DEVICES: '0',
    TOKENIZERS_PARALLELISM: 'true',
    HTTPS_PROXY: 'http://proxy:3128',
  };
  const secret = {
    OPENAI_API_KEY: 'a',
    HF_TOKEN: 'b',
    AWS_SECRET_ACCESS_KEY: 'c',
    DB_PASSWORD: 'd',
    SSH_AUTH_SOCK: 'e',
    my_apikey: 'f',
    ALL_PROXY: 'http://me:secret@proxy:3128',
    TEACHER: 'g',
  };
  const environment = { ...plain, ...secret, STUDENT_KEY: 'h' };
  expect(commandEnvironment(environment, { allowed: ['STUDENT_KEY'], withheld: ['TEACHER'] })).toEqual({
    ...plain,
    STUDENT_KEY: 'h',
  });
  expect(commandEnvironment(environment, { allowed: [], withheld: ['TEACHER'] })).toEqual(plain);
});
