/** How a command ends: exit codes, and the errors that choose them. */
export const exitCodes = { done: 0, failed: 1, usage: 2, blocked: 3, detached: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Something a person can act on: `message` says what and where, `remedy` what to do. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  readonly remedy: string | undefined;

  constructor(exitCode: ExitCode, message: string, remedy?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}
