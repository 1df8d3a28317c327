/** The student server's environment cannot be made: `message` says why, `remedy` what to do. */
export class StudentSetUpError extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.name = 'StudentSetUpError';
    this.remedy = remedy;
  }
}
