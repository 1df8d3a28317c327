import type { Owner } from '../../activities/ports/owner.ts';
import type { Statement } from '../../contracts/signed/signed-run.ts';
import type { Signature } from '../../contracts/signed/signature.ts';

/** A command of the owner to a run, as its update takes it. `now` in milliseconds since the epoch. */
export function signCommand<Content extends object>(
  owner: Pick<Owner, 'sign'>,
  command: {
    readonly run: string;
    readonly action: (Statement & { kind: 'command' })['action'];
    readonly content: Content;
  },
  now: number = Date.now(),
): { content: Content; issuedAt: number; signature: Signature } {
  const { run, action, content } = command;
  const signature = owner.sign({ kind: 'command', run, action, content, issuedAt: now });
  return { content, issuedAt: now, signature };
}
