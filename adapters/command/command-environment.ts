/** The environment of a child process: what it needs to find its tools, and no secret but those it is given by name. */

/** Words of names that hold keys: `OPENAI_API_KEY`, `HF_TOKEN`, `AWS_SECRET_ACCESS_KEY`, `GITHUB_PAT`. */
const secretWord =
  /^(\w*KEYS?|\w*TOKENS?|\w*SECRETS?|\w*PASSWORDS?|PASSWD|PASSPHRASE|PASS|PWD|PAT|CREDENTIALS?|AUTH|AUTHORIZATION|DSN|JWT|COOKIES?)$/i;
/** An address with a password in it. */
const secretAddress = /:\/\/[^/@\s]*:[^/@\s]*@/;

/** The environment without what looks like a secret and without `withheld`; `allowed` is kept in any case. */
export function commandEnvironment(
  environment: NodeJS.ProcessEnv,
  { allowed, withheld }: { readonly allowed: readonly string[]; readonly withheld: readonly string[] },
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name, value = '']) => {
    if (allowed.includes(name) || name === 'PWD') return true;
    return (
      !withheld.includes(name) && !name.split('_').some((word) => secretWord.test(word)) && !secretAddress.test(value)
    );
  });
  return Object.fromEntries(kept);
}
