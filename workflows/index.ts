/** The workflow types a worker registers. */
export { compare } from './compare/compare.ts';
export { distill } from './distill/distill.ts';
export { stage } from './stage/stage.ts';
