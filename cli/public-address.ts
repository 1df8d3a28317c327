import { credentialIn } from '../domain/endpoint-address.ts';
import { CommandError, exitCodes } from './exit.ts';

/** Throws (exit 2) where an address on the command line holds a credential: histories keep it, and `ps` shows it. */
export function requirePublicAddress(address: string | undefined, remedy: string): void {
  const credential = address === undefined ? undefined : credentialIn(address);
  if (credential === undefined) return;
  throw new CommandError(
    exitCodes.usage,
    `--endpoint has to be an address without credentials: ${credential} may be one.`,
    remedy,
  );
}
