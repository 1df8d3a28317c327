/** Every embedded student: how it is trained, and how it is read from its file. */
import type { EmbeddedStudentBase } from '../../contracts/run/embedded-models.ts';
import { isRanker } from './candidates/families.ts';
import { linearRanker } from './linear-ranker/linear-ranker.ts';
import { trainLinearRanker } from './linear-ranker/linear-ranker-training.ts';
import { LogLinear } from './log-linear/log-linear.ts';
import { trainLogLinear } from './log-linear/log-linear-training.ts';
import type { TrainedModel } from './model-file.ts';
import { NaiveBayes } from './naive-bayes/naive-bayes.ts';
import { trainNaiveBayes } from './naive-bayes/naive-bayes-training.ts';
import { oneVsRest } from './one-vs-rest/one-vs-rest.ts';
import { trainOneVsRest } from './one-vs-rest/one-vs-rest-training.ts';
import type { Student } from './student.ts';
import type { Training, TrainingOptions, TrainingRow } from './training.ts';

export function train(base: EmbeddedStudentBase, rows: readonly TrainingRow[], options: TrainingOptions): Training {
  if (isRanker(base)) return trainLinearRanker(base, rows, options);
  if (base === 'one-vs-rest') return trainOneVsRest(rows, options);
  return base === 'naive-bayes' ? trainNaiveBayes(rows) : trainLogLinear(rows, options);
}

export function load(base: EmbeddedStudentBase, model: TrainedModel): Student {
  if (isRanker(base)) return linearRanker(base, model);
  if (base === 'one-vs-rest') return oneVsRest(model);
  return base === 'naive-bayes' ? new NaiveBayes(model) : LogLinear.load(model);
}
