/** An answer had begun and was not whole when its time was over, however much of it kept coming. */
export class AnswerTooLate extends Error {
  constructor() {
    super('The answer was not whole in time.');
    this.name = 'AnswerTooLate';
  }
}
