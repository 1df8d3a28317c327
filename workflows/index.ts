/** The workflow types a worker registers. */
export { compare } from './compare.ts';
export { distill } from './distill.ts';
export { stage } from './stage.ts';
