/** The workflow types a worker registers. */
export { distill } from './distill.ts';
export { stage } from './stage.ts';
